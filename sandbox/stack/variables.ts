/** What variables of the Serverless Framework may refer to. */
export interface VariableScope {
  readonly stage: string;
  /** `${opt:name}`: what would stand on the command line. */
  readonly options: Readonly<Record<string, string>>;
  /** `${param:name}` */
  readonly params: Readonly<Record<string, unknown>>;
  /** `${file(path):key}`: the parsed content of a file, by its path relative to the service. */
  readonly readFile: (path: string) => unknown;
}

/**
 * Resolves `${param:}`, `${opt:}`, `${sls:stage}` and `${file():}` everywhere in a value, innermost first, with
 * `, 'default'` where given. CloudFormation's own `${AWS::Region}` and `${Resource.Arn}` are left alone.
 * @throws Error for a variable that has no value, or whose source this reader does not know.
 */
export function resolveVariables(value: unknown, scope: VariableScope): unknown {
  if (typeof value === 'string') return resolveText(value, scope);
  if (Array.isArray(value)) return value.map((item) => resolveVariables(item, scope));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveVariables(item, scope)]));
}

/** A source in lower case before ONE colon, or a file: what tells these variables from CloudFormation's. */
const innermost = /\$\{((?:[a-z]+:(?!:)|file\()[^${}]*)\}/;

function resolveText(text: string, scope: VariableScope): unknown {
  const match = innermost.exec(text);
  if (!match) return text;
  const resolved = lookUp(match[1]!, scope);
  if (match[0] === text) return resolveVariables(resolved, scope);
  if (!['string', 'number', 'boolean'].includes(typeof resolved)) {
    throw new Error(`${match[0]} stands inside a text, but its value is no text.`);
  }
  const { index } = match;
  return resolveText(text.slice(0, index) + String(resolved) + text.slice(index + match[0].length), scope);
}

function lookUp(expression: string, scope: VariableScope): unknown {
  const [, source, fallback] = /^(.*?)(?:,\s*'([^']*)')?$/s.exec(expression)!;
  const value = resolveSource(source!.trim(), scope) ?? fallback;
  if (value === undefined) throw new Error(`The variable \${${expression}} has no value.`);
  return value;
}

function resolveSource(source: string, scope: VariableScope): unknown {
  const file = /^file\(([^)]+)\)(?::(.+))?$/.exec(source);
  if (file) return member(scope.readFile(file[1]!), file[2]);
  const [type, name] = source.split(/:(.*)/s) as [string, string];
  if (type === 'opt') return scope.options[name];
  if (type === 'param') return scope.params[name];
  if (type === 'sls' && name === 'stage') return scope.stage;
  throw new Error(`The variable source "${source}" is unknown to the sandbox.`);
}

function member(content: unknown, path: string | undefined): unknown {
  return (path ? path.split('.') : []).reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    content,
  );
}
