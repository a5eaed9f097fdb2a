/** JSON as people write it: what fits on a line stays on one. */
export function pretty(value: unknown, indent = ''): string {
  const oneLine = spaced(value);
  if (indent.length + oneLine.length <= lineLengthMax || typeof value !== 'object' || value === null)
    return oneLine;
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const lines = Object.entries(value).map(([key, member]) => {
    const name = Array.isArray(value) ? '' : `${JSON.stringify(key)}: `;
    return `${deeper}${name}${pretty(member, deeper)}`;
  });
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

// --- internal ---

const lineLengthMax = 118;

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${spaced(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
