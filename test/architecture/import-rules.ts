/** Who may import whom. A folder that is not named here is free (tests, scripts, benchmarks). */

import { isOurs, packageOf, type SourceFile } from './imports.ts';

interface Rule {
  readonly why: string;
  /** Folders and files of ours; its own is always allowed. */
  readonly ours: readonly string[];
  /** Beside Node's own modules. A `*` stands for the rest of a scope. */
  readonly packages: readonly string[];
}

export const rules: Readonly<Record<string, Rule>> = {
  'lib/contract': {
    why: 'What crosses HTTP or accounts stands alone.',
    ours: [],
    packages: ['zod'],
  },
  'lib/http': {
    why: 'The edge knows operations, not what they do.',
    ours: ['lib/contract'],
    packages: ['@middy/core', '@aws-lambda-powertools/logger', 'aws-lambda', 'zod'],
  },
  'lib/grant': {
    why: "The parent's core knows nothing of HTTP or of the child.",
    ours: ['lib/contract'],
    packages: ['@aws-sdk/*', 'ulid'],
  },
  'lib/audit': {
    why: 'The audit reads grants, and repairs by their own steps.',
    ours: ['lib/contract', 'lib/grant'],
    packages: ['@aws-sdk/*'],
  },
  'lib/relay': {
    why: "The child's code meets the parent's in the offer only, and on its way to a prediction carries no package.",
    ours: ['lib/contract'],
    packages: ['aws-lambda'],
  },
  'lib/client': {
    why: 'Users take it without the rest of us.',
    ours: ['lib/contract'],
    packages: ['@smithy/protocol-http', '@smithy/signature-v4', '@aws-sdk/client-sts', 'zod'],
  },
  cli: {
    why: 'A client like any other.',
    ours: ['lib/contract', 'lib/client'],
    packages: ['@aws-sdk/client-sts'],
  },
  'functions/parent': {
    why: "The parent's Lambdas wire the parent's code.",
    ours: ['lib/contract', 'lib/http', 'lib/grant', 'lib/audit'],
    packages: ['@aws-lambda-powertools/logger', 'aws-lambda'],
  },
  'functions/child': {
    why: "The child's Lambdas wire the child's code.",
    ours: ['lib/contract', 'lib/http', 'lib/relay'],
    packages: ['@middy/core', 'aws-lambda'],
  },
  sandbox: {
    why: 'A second opinion: code and emulator must not share a mistake.',
    ours: ['lib/contract', 'functions', 'esbuild.config.cjs'],
    packages: ['*'],
  },
};

/** Parts of the contract that only one of the two accounts knows. */
export const oneSided: Readonly<Record<string, readonly string[]>> = {
  'lib/contract/subscription.ts': ['lib/grant', 'lib/audit', 'functions/parent'],
  'lib/contract/grant.ts': ['lib/relay', 'functions/child'],
  'lib/contract/audit.ts': ['lib/relay', 'functions/child'],
};

/** One line for each import that no rule allows. */
export function violations(folder: string, { path, imports }: SourceFile): string[] {
  const rule = rules[folder];
  if (!rule) throw new Error(`There is no rule for ${folder}.`);
  return imports
    .filter(({ target }) => !isAllowed(target, folder, rule))
    .map(({ target }) => `${path} imports ${target}. ${rule.why}`);
}

/** Parent code that knows subscriptions, or child code that knows grants. */
export function sideViolations({ path, imports }: SourceFile): string[] {
  return imports
    .filter(({ target }) => oneSided[target]?.some((folder) => path.startsWith(`${folder}/`)))
    .map(({ target }) => `${path} imports ${target}, which belongs to the other account`);
}

// --- internal ---

function isAllowed(target: string, folder: string, rule: Rule): boolean {
  if (target.startsWith('node:')) return true;
  if (isOurs(target))
    return [folder, ...rule.ours].some((allowed) => target === allowed || target.startsWith(`${allowed}/`));
  const name = packageOf(target);
  return rule.packages.some((allowed) =>
    allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed,
  );
}
