/**
 * Inline and attached policies of roles, users and groups: the same seven operations for each, but for names
 * and quotas ("IAM and AWS STS quotas").
 */

import type { IamCall, Operations } from './call.ts';
import type { Field } from './constraints.ts';
import { describeAttached } from './describe.ts';
import { encodePolicy, policyChars, readPolicy } from './documents.ts';
import { limitExceeded, noSuchEntity, quotaExceeded } from './faults.ts';
import { type Entities, nameFields, need, subjectOf, tableOf, withContext } from './lookup.ts';
import { needAttachable } from './managed-policy.ts';
import { pagedAnswer } from './paging.ts';
import { type EntityKind, keyOf, type StoredPolicy } from './state.ts';

interface Kind {
  readonly kind: EntityKind;
  /** `PutRolePolicy`, `ListAttachedRolePolicies` */
  readonly title: string;
  /** All inline policies of one entity together, white space not counted. */
  readonly inlineCharsMax: number;
  readonly attachedQuota: readonly [name: string, quota: number];
}

const kinds: readonly Kind[] = [
  { kind: 'role', title: 'Role', inlineCharsMax: 10_240, attachedQuota: ['PoliciesPerRole', 10] },
  { kind: 'user', title: 'User', inlineCharsMax: 2048, attachedQuota: ['PoliciesPerUser', 10] },
  { kind: 'group', title: 'Group', inlineCharsMax: 5120, attachedQuota: ['PoliciesPerGroup', 10] },
];

export const entityPolicyOperations: Operations = Object.assign({}, ...kinds.map(operationsOf));

function operationsOf({ kind, title, inlineCharsMax, attachedQuota }: Kind): Operations {
  const name: Field = nameFields[kind];
  const subject = subjectOf(kind);
  const ofPolicy = withContext(subject, ({ input }) => ({ 'iam:PolicyARN': input.need('PolicyArn') }));
  return {
    [`Put${title}Policy`]: {
      required: [name, 'PolicyName', 'PolicyDocument'],
      subject,
      run(call) {
        const entity = need(call, kind);
        const policy = readPolicy(call.input.need('PolicyDocument'), 'identity');
        const inline = new Map(entity.inline).set(call.input.need('PolicyName'), policy);
        if (totalChars(inline) > inlineCharsMax)
          throw limitExceeded(
            `Maximum policy size of ${inlineCharsMax} bytes exceeded for ${kind} ${entity.name}`,
          );
        change(call, kind, { inline });
        return undefined;
      },
    },

    [`Get${title}Policy`]: {
      required: [name, 'PolicyName'],
      subject,
      run(call) {
        const entity = need(call, kind);
        const PolicyName = call.input.need('PolicyName');
        const { text } = needInline(entity.inline, kind, PolicyName);
        return { [name]: entity.name, PolicyName, PolicyDocument: encodePolicy(text) };
      },
    },

    [`List${title}Policies`]: {
      required: [name],
      optional: ['Marker', 'MaxItems'],
      subject,
      run(call) {
        const names = [...need(call, kind).inline.keys()].sort().map((key) => [key, key] as const);
        return pagedAnswer('PolicyNames', names, call.input, (each) => each);
      },
    },

    [`Delete${title}Policy`]: {
      required: [name, 'PolicyName'],
      subject,
      run(call) {
        const PolicyName = call.input.need('PolicyName');
        const inline = new Map(need(call, kind).inline);
        needInline(inline, kind, PolicyName);
        inline.delete(PolicyName);
        change(call, kind, { inline });
        return undefined;
      },
    },

    [`Attach${title}Policy`]: {
      required: [name, 'PolicyArn'],
      subject: ofPolicy,
      run(call) {
        const { attached } = need(call, kind);
        const { arn } = needAttachable(call.state, call.account.id, call.input.need('PolicyArn'));
        if (attached.includes(arn)) return undefined;
        if (attached.length >= attachedQuota[1]) throw quotaExceeded(...attachedQuota);
        change(call, kind, { attached: [...attached, arn] });
        return undefined;
      },
    },

    [`Detach${title}Policy`]: {
      required: [name, 'PolicyArn'],
      subject: ofPolicy,
      run(call) {
        const { attached } = need(call, kind);
        const arn = call.input.need('PolicyArn');
        if (!attached.includes(arn)) throw noSuchEntity(`Policy ${arn} was not found.`);
        change(call, kind, { attached: attached.filter((each) => each !== arn) });
        return undefined;
      },
    },

    [`ListAttached${title}Policies`]: {
      required: [name],
      optional: ['PathPrefix', 'Marker', 'MaxItems'],
      subject,
      run(call) {
        const prefix = call.input.text('PathPrefix') ?? '/';
        const arns = need(call, kind).attached.filter((arn) => pathOf(arn).startsWith(prefix));
        const entries = arns.toSorted().map((arn) => [arn, arn] as const);
        return pagedAnswer(
          'AttachedPolicies',
          entries,
          call.input,
          (arn) => describeAttached([arn], call.state)[0] ?? {},
        );
      },
    },
  };
}

function change(
  call: IamCall,
  kind: EntityKind,
  changes: Partial<Pick<Entities[EntityKind], 'inline' | 'attached'>>,
): void {
  const before = need(call, kind);
  tableOf(call.account, kind).set(keyOf(before.name), { ...before, ...changes } as never);
}

function needInline(inline: ReadonlyMap<string, StoredPolicy>, kind: EntityKind, name: string): StoredPolicy {
  const policy = inline.get(name);
  if (!policy) throw noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`);
  return policy;
}

function totalChars(inline: ReadonlyMap<string, StoredPolicy>): number {
  let total = 0;
  for (const { text } of inline.values()) total += policyChars(text);
  return total;
}

/** `arn:aws:iam::aws:policy/service-role/X` → `/service-role/` */
function pathOf(arn: string): string {
  return /:policy(\/(?:.*\/)?)[^/]+$/.exec(arn)?.[1] ?? '/';
}
