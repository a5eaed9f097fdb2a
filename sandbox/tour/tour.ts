/** The story that `npm start` plays: every line is a real call, answered by the sandbox's AWS and judged by its IAM. */

import type { Flower } from '../sagemaker/models/iris.ts';
import {
  type Audit,
  control,
  type Grant,
  hideIds,
  hold,
  json,
  receiptLines,
  roleName,
  StoryBroken,
} from './answers.ts';
import { iamConsole, type Place, type Player, player } from './cast.ts';
import { create, endpointName, post, settled } from './grants.ts';
import type { Narrator } from './narrator.ts';
import { policyLines } from './policy-lines.ts';

export interface TourOptions {
  readonly place: Place;
  readonly narrator: Narrator;
  /** Flowers the model was never shown. */
  readonly irisRows: readonly Flower[];
  readonly now: () => number;
}

/** Throws StoryBroken with a sentence that says which step failed and what came instead. */
export async function playTour(options: TourOptions): Promise<void> {
  const scene = setScene(options);
  await childIsRefused(scene);
  const grant = await parentCreatesGrant(scene);
  await grantIsProbed(scene, grant);
  await childPredicts(scene, grant);
  await othersAreRefused(scene, grant);
  await auditFindsTheWidening(scene, grant);
  await parentRevokes(scene, grant);
  await dateEndsAGrant(scene);
}

interface Scene extends TourOptions {
  readonly parent: Player;
  readonly child: Player;
  readonly outsider: Player;
  readonly iam: ReturnType<typeof iamConsole>;
}

const alias = 'iris';

function setScene(options: TourOptions): Scene {
  const { place } = options;
  return {
    ...options,
    parent: player(place, place.parent),
    child: player(place, place.child),
    outsider: player(place, place.outsider),
    iam: iamConsole(place),
  };
}

async function childIsRefused({ narrator, child, irisRows }: Scene): Promise<void> {
  narrator.step('Before: the child has no way in');
  narrator.does(
    'child',
    `asks SageMaker for a prediction from ${endpointName}, with its own administrator's keys`,
  );
  const { refusal } = await child.invoke(endpointName, csv(irisRows.slice(0, 1)));
  narrator.answers(hold(refusal, 'the child was answered although nothing is shared'), 'refusal');
  narrator.says(
    "   SageMaker looks in the caller's own account only. To be let in, the child must become somebody in the parent.",
  );
}

async function parentCreatesGrant({ narrator, parent, place, iam }: Scene): Promise<Grant> {
  narrator.step('The parent creates a grant');
  narrator.does(
    'parent',
    `POST /grants: ${endpointName} for account ${place.child.accountId}, plain invocations`,
  );
  const grant = await create(parent, place, { note: 'Iris for the child team' });
  narrator.answers(`201 Created ${grant.id}, ${grant.status}, until ${grant.expiresAt.slice(0, 10)}`, 'good');
  narrator.does('parent', 'looks at the share role in IAM');
  narrator.answers(grant.role.arn);
  const name = roleName(grant);
  narrator.answers('its trust policy:');
  narrator.shows(policyLines(hideIds(await iam.trustOf(name), grant)));
  narrator.answers('its permissions:');
  narrator.shows(policyLines(await iam.policyOf(name, 'invoke')));
  return grant;
}

async function grantIsProbed({ narrator }: Scene, grant: Grant): Promise<void> {
  narrator.step('It is called active only after it was probed');
  for (const { probe, observed, at } of grant.probes)
    narrator.answers(
      `${at.slice(11, 23)}  ${probe}: ${observed}`,
      observed === 'allowed' ? 'good' : 'refusal',
    );
  if (grant.status !== 'active')
    throw new StoryBroken(`The grant is ${grant.status}, not active, after its probes.`);
  narrator.answers(
    'The invocation named a variant that does not exist: allowed by IAM, and no model ran. The grant is active.',
  );
}

async function childPredicts({ narrator, child, place, irisRows }: Scene, grant: Grant): Promise<void> {
  narrator.step('The child accepts the offer and predicts');
  const offerUrl = `${place.parent.apiUrl}/offers/${grant.id}`;
  narrator.does('child', `POST /subscriptions: the offer of ${grant.id}, under the alias "${alias}"`);
  const accepted = await json(
    child.call(`${place.child.apiUrl}/subscriptions`, post({ alias, offerUrl })),
    201,
  );
  narrator.answers(`201 Created, ${accepted.status} after a probe of its own`, 'good');
  narrator.does(
    'child',
    `POST /endpoints/${alias}/invocations: ${irisRows.length} flowers the model has never seen`,
  );
  const { status, text } = await child.call(`${place.child.apiUrl}/endpoints/${alias}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', accept: 'text/csv' },
    body: csv(irisRows),
  });
  if (status !== 200)
    throw new StoryBroken(`The relay answered ${status} instead of predictions: ${text.slice(0, 200)}`);
  const predicted = text.trim().split('\n');
  for (const index of [0, 10, 20])
    narrator.shows(`${irisRows[index]?.features.join(', ')}  ⇒  ${predicted[index]}`);
  const right = irisRows.filter(({ species }, index) => predicted[index] === species).length;
  if (right < irisRows.length * 0.8)
    throw new StoryBroken(`Only ${right} of ${irisRows.length} predictions were right.`);
  narrator.answers(
    `200 OK, ${right} of ${irisRows.length} species right (${Math.round((100 * right) / irisRows.length)} %)`,
    'good',
  );
}

async function othersAreRefused({ narrator, child, outsider }: Scene, grant: Grant): Promise<void> {
  narrator.step('Nobody else gets in');
  narrator.does('outsider', 'has found out the role and the external id, and tries AssumeRole with both');
  narrator.answers(
    hold((await outsider.assume(grant.role.arn, grant.externalId)).refusal, 'a third account was let in'),
    'refusal',
  );
  narrator.does('child', 'tries AssumeRole with a wrong external id');
  narrator.answers(
    hold(
      (await child.assume(grant.role.arn, 'not-the-external-id')).refusal,
      'a wrong external id was accepted',
    ),
    'refusal',
  );
}

async function auditFindsTheWidening({ narrator, parent, place, iam }: Scene, grant: Grant): Promise<void> {
  narrator.step('Somebody widens the policy by hand; the audit finds it');
  const name = roleName(grant);
  const before = await iam.policyOf(name, 'invoke');
  narrator.does('parent', 'in the IAM console: Resource becomes "*", "just for a test"');
  const [statement, ...others] = before.Statement;
  await iam.putPolicy(name, 'invoke', { ...before, Statement: [{ ...statement, Resource: '*' }, ...others] });
  narrator.does('nobody', 'six minutes pass: until IAM shows every change, an audit says nothing of it');
  await control(place, '/clock', { advanceSeconds: 6 * 60 });
  for (const mode of ['report', 'repair'] as const) {
    narrator.does('parent', `POST /audits, mode ${mode}`);
    const audit = (await json(
      parent.call(`${place.parent.apiUrl}/audits`, post({ mode })),
      200,
      201,
    )) as unknown as Audit;
    const found = audit.findings.find(
      ({ code, subject }) => code === 'policy.drifted' && subject.includes(grant.id),
    );
    if (!found) throw new StoryBroken(`The audit (${mode}) did not find the widened policy.`);
    if (mode === 'report') {
      narrator.answers(
        `${found.code} (${audit.counts.rolesRead} roles read in ${audit.counts.iamCalls} IAM calls)`,
        'refusal',
      );
      narrator.shows(found.evidence.join('\n'));
    } else
      narrator.answers(`${found.code}: ${found.repair}`, found.repair === 'repaired' ? 'good' : 'refusal');
  }
  await control(place, '/clock', { advanceSeconds: 6 * 60 });
  const clean = (await json(
    parent.call(`${place.parent.apiUrl}/audits`, post({ mode: 'report' })),
    200,
    201,
  )) as unknown as Audit;
  if (clean.findings.some(({ code }) => code === 'policy.drifted'))
    throw new StoryBroken('The policy is still drifted after the repair.');
  narrator.answers('The next audit finds the policy as the grant wants it.', 'good');
}

async function parentRevokes(
  { narrator, parent, child, place, irisRows }: Scene,
  grant: Grant,
): Promise<void> {
  narrator.step('The parent revokes, and the child has a session in hand');
  narrator.does('child', 'takes a session of the share role, good for an hour, and keeps it');
  const { keys } = await child.assume(grant.role.arn, grant.externalId);
  const session = hold(keys, 'the child could not take a session of its own active grant');
  const works = await child.invoke(endpointName, csv(irisRows.slice(0, 1)), session);
  narrator.answers(
    `the session works: ${hold(works.prediction, 'the session did not work before the revoke')}`,
    'good',
  );
  narrator.does('parent', `POST /grants/${grant.id}/revoke`);
  const revoked = await settled(
    parent,
    place,
    await json(parent.call(`${place.parent.apiUrl}/grants/${grant.id}/revoke`, post({})), 200, 202),
    'revoked',
  );
  const receipt = hold(revoked.receipt, 'the revocation left no receipt');
  narrator.answers(
    `revoked, proven dead ${receipt.seconds.toFixed(2)} s after it was asked for. The receipt:`,
    'good',
  );
  narrator.shows(receiptLines(receipt));
  narrator.does('child', 'tries the session that it kept');
  narrator.answers(
    hold(
      (await child.invoke(endpointName, csv(irisRows.slice(0, 1)), session)).refusal,
      'the old session still works after the revoke',
    ),
    'refusal',
  );
}

async function dateEndsAGrant({ narrator, parent, child, place, irisRows, now }: Scene): Promise<void> {
  narrator.step('A date that IAM itself keeps');
  const expiresAt = new Date(now() + 30 * 60_000).toISOString();
  narrator.does('parent', 'creates another grant, for half an hour');
  const grant = await create(parent, place, { expiresAt });
  const { keys } = await child.assume(grant.role.arn, grant.externalId);
  const session = hold(keys, 'the child could not use the second grant');
  const row = csv(irisRows.slice(0, 1));
  narrator.answers(
    `${grant.status}; the child's session works: ${hold((await child.invoke(endpointName, row, session)).prediction, 'the second grant did not work')}`,
    'good',
  );
  narrator.does('nobody', 'every schedule is stopped; the clock moves on 31 minutes');
  await control(place, '/schedules/stop');
  await control(place, '/clock', { advanceSeconds: 31 * 60 });
  narrator.does('child', 'tries the session, which STS gave for an hour');
  narrator.answers(
    hold(
      (await child.invoke(endpointName, row, session)).refusal,
      'the session outlived the date of its grant',
    ),
    'refusal',
  );
  narrator.does('child', 'tries a fresh AssumeRole');
  narrator.answers(
    hold(
      (await child.assume(grant.role.arn, grant.externalId)).refusal,
      'AssumeRole succeeded after the date of the grant',
    ),
    'refusal',
  );
  narrator.says('Sharemaker did nothing: the date stands in the role itself.');
  await control(place, '/schedules/start');
}

function csv(rows: readonly Flower[]): string {
  return rows.map(({ features }) => features.join(',')).join('\n');
}
