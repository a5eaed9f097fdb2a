/**
 * Content of an AWS query answer: members by name, lists as `<member>` elements, maps as `<entry>` elements,
 * undefined left out.
 */
export type XmlContent =
  | string
  | number
  | boolean
  | readonly XmlContent[]
  | ReadonlyMap<string, XmlContent>
  | XmlMembers;

export interface XmlMembers {
  readonly [name: string]: XmlContent | undefined;
}

/** `element('RoleName', 'a')` → `<RoleName>a</RoleName>`. Names come from us, text from anywhere. */
export function element(name: string, content: XmlContent): string {
  return `<${name}>${write(content)}</${name}>`;
}

function write(content: XmlContent): string {
  if (typeof content === 'string') return escapeText(content);
  if (typeof content !== 'object') return String(content);
  if (isList(content)) return content.map((each) => element('member', each)).join('');
  if (content instanceof Map)
    return [...content].map(([key, value]) => element('entry', { key, value })).join('');
  return writeMembers(content as XmlMembers);
}

function writeMembers(content: XmlMembers): string {
  let text = '';
  for (const name in content) {
    const value = content[name];
    if (value !== undefined) text += element(name, value);
  }
  return text;
}

function isList(content: XmlContent): content is readonly XmlContent[] {
  return Array.isArray(content);
}

/** White space that a parser may change is written as a reference; what XML 1.0 cannot hold at all is replaced. */
function escapeText(text: string): string {
  if (!/[&<>"'\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(text)) return text;
  return text
    .replace(/[\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"'\p{Cc}]/gu, (character) => entities[character] ?? controlReference(character));
}

function controlReference(character: string): string {
  const isAllowed = /[\t\n\r\u007F-\u009F]/.test(character);
  return isAllowed ? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};` : '\uFFFD';
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
