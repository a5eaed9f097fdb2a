/** What Sharemaker assumes of AWS and no document of AWS says for certain, each with a way to see it. */

import type { Mode } from '../../lib/contract/fields.ts';
import {
  denyDocument,
  permissionDocument,
  probeSessionName,
  shutTrustDocument,
  trustDocument,
} from '../../lib/grant/policies.ts';
import type { PolicyDocument } from '../../lib/grant/policy-document.ts';
import { isDenied, type Outcome, type Session, shareOn, type Trial } from './trial.ts';

export interface Sight {
  readonly verdict: 'holds' | 'does not' | 'could not be seen';
  /** What came back, in AWS's words. */
  readonly saw: string;
}

interface Assumption {
  readonly says: string;
  see(stand: Stand): Promise<Sight>;
}

/** The roles on trial, with a session of each that lets anybody in. */
export interface Stand {
  readonly trial: Trial;
  readonly externalId: string;
  readonly roles: Readonly<Record<RoleName, string>>;
  /** Throws Unseen when IAM does not let the caller in. */
  sessionOf(name: RoleName): Promise<Session>;
}

/** Something that has to be there to look at is not. */
class Unseen extends Error {}

/** In the order in which they are looked at; the last ones shut the roles that the others used. */
export const assumptions: readonly Assumption[] = [
  {
    says: 'SageMaker authorizes an invocation before it looks at its variant and body',
    see: (stand) => seeProbe(stand, 'nothing', 'sync', isDenied),
  },
  {
    says: 'An invocation that is allowed and names an absent variant is refused as invalid, before any model',
    see: (stand) => seeProbe(stand, 'sync', 'sync', isInvalid),
  },
  {
    says: 'The ARN that counts is in lower case',
    async see(stand) {
      const { name } = stand.trial.endpoint;
      if (name === name.toLowerCase()) return unseen(`${name} has no capital letter`);
      return seeProbe(stand, 'asTyped', 'sync', isDenied);
    },
  },
  {
    says: 'InvokeEndpoint and InvokeEndpointWithResponseStream together let a stream through',
    async see(stand) {
      const both = await seeProbe(stand, 'stream', 'stream', isInvalid);
      const alone = await Promise.all(
        (['sync', 'streamAlone'] as const).map(async (name) =>
          told(await stand.trial.probe(await stand.sessionOf(name), 'stream')),
        ),
      );
      return { ...both, saw: `${both.saw}; the first alone: ${alone[0]}; the second alone: ${alone[1]}` };
    },
  },
  {
    says: 'An asynchronous invocation is authorized first, too',
    async see(stand) {
      if (stand.trial.endpoint.isAsync)
        return unseen('the endpoint is asynchronous, and a probe that is let through would be queued');
      const shut = await seeProbe(stand, 'nothing', 'async', isDenied);
      return shut.verdict === 'holds' ? seeProbe(stand, 'async', 'async', isInvalid) : shut;
    },
  },
  {
    says: 'IAM ends a permission at its date',
    see: (stand) => seeProbe(stand, 'permissionOver', 'sync', isDenied),
  },
  {
    says: 'IAM ends a trust at its date',
    see: (stand) => seeRefused(stand, 'trustOver', stand.externalId),
  },
  {
    says: 'AssumeRole with another external id is refused as AccessDenied',
    see: (stand) => seeRefused(stand, 'sync', `not-${stand.externalId}`),
  },
  {
    says: "The probe's session name is closed to everybody else",
    see: (stand) => seeRefused(stand, 'sync', stand.externalId, { RoleSessionName: probeSessionName }),
  },
  {
    says: 'A trust that demands a source identity lets in who brings one, and nobody else',
    async see({ trial, roles, externalId }) {
      const assume = (SourceIdentity?: string) =>
        trial.assume(roles.recorded, externalId, SourceIdentity === undefined ? {} : { SourceIdentity });
      const { outcome } = await trial.eventually(() => assume('somebody'), isLetIn);
      if (!isLetIn(outcome)) return { verdict: 'does not', saw: told(outcome) };
      return judge(await assume(), isDenied);
    },
  },
  {
    says: 'A deny that is put on a role ends the sessions that it has',
    async see(stand) {
      const { trial, roles } = stand;
      const session = await stand.sessionOf('sync');
      await trial.put(roles.sync, denyDocument, 'deny');
      const { outcome, seconds } = await trial.eventually(() => trial.probe(session, 'sync'), isDenied);
      return judge(outcome, isDenied, `after ${seconds.toFixed(1)} s`);
    },
  },
  {
    says: 'Where a trust is in force, so is what was put on the role before it',
    async see(stand) {
      const { trial, roles, externalId } = stand;
      const session = await stand.sessionOf('stream');
      const nextId = `${externalId}.next`;
      await trial.put(roles.stream, denyDocument, 'deny');
      await trial.trust(roles.stream, trustFor(trial, nextId));
      const { outcome, seconds } = await trial.eventually(() => trial.assume(roles.stream, nextId), isLetIn);
      if (!isLetIn(outcome)) return { verdict: 'does not', saw: told(outcome) };
      return judge(await trial.probe(session, 'sync'), isDenied, `the trust after ${seconds.toFixed(1)} s`);
    },
  },
  {
    says: 'A trust that is replaced lets nobody in any more whom the new one does not name',
    async see({ trial, roles, externalId }) {
      const shut = shutTrustDocument(shareFor(trial, externalId), proberOf(trial), `${externalId}.mark`);
      await trial.trust(roles.sync, shut);
      const { outcome, seconds } = await trial.eventually(
        () => trial.assume(roles.sync, externalId),
        isDenied,
      );
      return judge(outcome, isDenied, `after ${seconds.toFixed(1)} s`);
    },
  },
];

/** What stands in the way of seeing is a sight, too. Throws only when the caller has given up (`AbortError`). */
export async function look(assumption: Assumption, stand: Stand): Promise<Sight> {
  try {
    return await assumption.see(stand);
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'AbortError') throw error;
    return unseen(error instanceof Unseen ? message : `${name}: ${message}`);
  }
}

const dayMs = 86_400_000;

/** Makes all roles at once, so that IAM's lag is waited for once. Their documents are those that grants get. */
export async function makeRoles(trial: Trial, externalId: string): Promise<Stand> {
  const on = (days: number, more = {}) => shareOn(trial, externalId, trial.now() + days * dayMs, more);
  const trust = (share = on(1)) => trustDocument(share, proberOf(trial));
  const asTyped = (share = on(1)): PolicyDocument =>
    permissionDocument({ ...share, endpoint: { ...share.endpoint, arn: typedArn(trial) } });
  const documents: Readonly<Record<RoleName, readonly [PolicyDocument, PolicyDocument?]>> = {
    nothing: [trust()],
    sync: [trust(), permissionDocument(on(1))],
    asTyped: [trust(), asTyped()],
    stream: [trust(), permissionDocument(on(1, { modes: ['stream'] }))],
    streamAlone: [trust(), streamAlone(permissionDocument(on(1)))],
    async: [trust(), permissionDocument(on(1, { modes: ['async'] }))],
    permissionOver: [trust(), permissionDocument(on(-1))],
    trustOver: [trust(on(-1)), permissionDocument(on(1))],
    recorded: [trust(on(1, { recordCaller: true })), permissionDocument(on(1))],
  };
  const names = Object.keys(documents) as RoleName[];
  const roles = {} as Record<RoleName, string>;
  for (const name of names) roles[name] = await trial.make(name, ...documents[name]);
  const sessions = new Map<RoleName, Session>();
  return {
    trial,
    externalId,
    roles,
    async sessionOf(name) {
      const known = sessions.get(name);
      if (known) return known;
      const { outcome } = await trial.eventually(() => trial.assume(roles[name], externalId), isLetIn);
      if (!outcome.session) throw new Unseen(`AssumeRole was not let through: ${told(outcome)}`);
      sessions.set(name, outcome.session);
      return outcome.session;
    },
  };
}

// --- internal ---

function shareFor(trial: Trial, externalId: string) {
  return shareOn(trial, externalId, trial.now() + dayMs);
}

function trustFor(trial: Trial, externalId: string): PolicyDocument {
  return trustDocument(shareFor(trial, externalId), proberOf(trial));
}

function proberOf(trial: Trial) {
  return { proberRoleArn: noProber(trial) };
}

type RoleName =
  | 'nothing'
  | 'sync'
  | 'asTyped'
  | 'stream'
  | 'streamAlone'
  | 'async'
  | 'permissionOver'
  | 'trustOver'
  | 'recorded';

async function seeProbe(
  stand: Stand,
  name: RoleName,
  mode: Mode,
  isWanted: (outcome: Outcome) => boolean,
): Promise<Sight> {
  const session = await stand.sessionOf(name);
  const { outcome } = await stand.trial.eventually(() => stand.trial.probe(session, mode), isWanted);
  return judge(outcome, isWanted);
}

/** Looked at when the same account was let into another role that is as old, so it is not IAM's lag that refuses. */
async function seeRefused(
  stand: Stand,
  name: RoleName,
  externalId: string,
  more: { readonly RoleSessionName?: string } = {},
): Promise<Sight> {
  await stand.sessionOf('sync');
  return judge(await stand.trial.assume(stand.roles[name], externalId, more), isDenied);
}

function judge(outcome: Outcome, isWanted: (outcome: Outcome) => boolean, more?: string): Sight {
  const saw = [told(outcome), more].filter(Boolean).join(', ');
  return { verdict: isWanted(outcome) ? 'holds' : 'does not', saw };
}

function unseen(saw: string): Sight {
  return { verdict: 'could not be seen', saw };
}

function told({ error, message }: Outcome): string {
  return error === undefined ? 'let through' : [error, message].filter(Boolean).join(': ');
}

function isLetIn({ error }: Outcome): boolean {
  return error === undefined;
}

/** SageMaker's word for it, in either of the spellings that were seen in the field. */
function isInvalid({ error }: Outcome): boolean {
  return error === 'ValidationError' || error === 'ValidationException';
}

function noProber({ accountId, endpoint }: Trial): string {
  return `arn:${endpoint.arn.split(':')[1]}:iam::${accountId}:role/sharemaker-check/no-prober`;
}

/** As people paste it: the name in the case in which it was created. */
function typedArn({ endpoint }: Trial): string {
  return endpoint.arn.replace(/endpoint\/.*$/, `endpoint/${endpoint.name}`);
}

function streamAlone(document: PolicyDocument): PolicyDocument {
  const Action = 'sagemaker:InvokeEndpointWithResponseStream';
  return { ...document, Statement: document.Statement.map((statement) => ({ ...statement, Action })) };
}
