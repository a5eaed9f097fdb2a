/** docs/lifecycle.md: its diagram and table are drawn from lib/grant/transitions.ts, so neither can tell another story. */

import { grantStatus } from '../../lib/contract/grant.ts';
import { endedStatuses } from '../../lib/grant/grant.ts';
import { moves, type Request, verdicts } from '../../lib/grant/transitions.ts';

/** The whole document, as `npm run docs` writes it. */
export function lifecycleDocument(): string {
  return `# The life of a grant

Drawn from the tables in \`lib/grant/transitions.ts\`; \`npm run docs\` writes this file and a test compares the two.

\`\`\`mermaid
${diagram()}
\`\`\`

## What may be asked when

${table()}

- **accepted** is answered with 200 when it is done and proven, with 202 while it is under way. The schedule \`advance-grants\` finishes what a request had no time for.
- **already** is answered with 200 and changes nothing. So is asking again for what is the case, or is under way.
- Anything else is a problem with that code: see [errors](errors.md).
- From its date on a grant takes a revoke and nothing else (\`grant.ended\`), whether or not the schedule has come to it: IAM has ended it.

## What each state promises

| state | promise |
|---|---|
| provisioning | The role is being made and probed. The child is not told of it. |
| active | AssumeRole with the external id, and a harmless invocation in every mode, were let through; AssumeRole with another external id was not. |
| suspended | A real session of the role was refused in every mode, three times in a row. The role stays. |
| revoking | The deny is put first, so live sessions end before anything else happens. |
| revoked, expired | A real session of the role (one that had worked, if it could be had before the end) and a fresh attempt were refused three times in a row each; the receipt says when. The role is gone. |
| failed | It could not be made, and was never offered. What was made of it was shut and is gone; its end is not proven by probes. |

## How it moves

\`advance\` is the one path. Requests, the schedule and the audit's repair all call it, and calling it again never hurts.

1. **Asked.** A request writes what is wanted into the record, in one conditional write with its history entry, and nothing else. From here on it cannot be lost.
2. **Leased.** Whoever moves a grant holds its lease for 30 seconds and renews it before each change in IAM, on the very version that was read. A request that comes meanwhile makes a new version: the renewal fails, and the work begins again from what is wanted now.
3. **Brought about.** Role, policies, and the trust last of all, each an idempotent call. A changed policy gets a name of its own and stands beside the old one until it is proven, so nobody who keeps access notices; then the old one goes, and that is proven, too.
4. **Proven.** First that IAM goes by the new documents: the trust carries a mark, an external id of the prober's alone that no document before had. Then probes until the wanted answer has come several times in a row, because IAM's replicas do not change at once. So a request that overtakes another is not answered by what the other left ([why](decisions/3-proof-of-death.md)).
5. **Written down.** The state, the probes and the history entry, in one conditional write. The entry then goes to the event bus.

A crash, a lost answer, a throttle or an error at any call leaves a record that says what is still wanted, and a time at which the schedule looks again. IAM changes that take longer than one attempt are no different: every step may be repeated, and what was put before is in force all the sooner.

## A rotation

Both external ids are accepted while the new one is probed. Then it is offered, and the old one has its grace period as a date in the trust policy, never later than the grant's own. Asked again while it is under way, a rotation is the same one; a shorter grace period shortens its own. IAM ends it at that date; the schedule takes it out of the trust afterwards and proves that it no longer opens.

## The date

Trust and permission both carry the grant's date as a condition. With every schedule stopped, IAM still refuses from that moment on. The schedule then does what it does for a revoke.
`;
}

function diagram(): string {
  const state = (name: string) => (name === 'none' ? '[*]' : name);
  return [
    'stateDiagram-v2',
    ...moves.map(({ from, to, by }) => `    ${state(from)} --> ${to}: ${by}`),
    ...endedStatuses.map((status) => `    ${status} --> [*]`),
  ].join('\n');
}

function table(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const requests = Object.keys(verdicts) as Request[];
  const said = { accept: 'accepted', already: 'already' } as const;
  return [
    row(['state', ...requests]),
    row(['---', ...requests.map(() => '---')]),
    ...grantStatus.options.map((status) =>
      row([
        status,
        ...requests.map((request) => {
          const verdict = verdicts[request][status];
          return verdict === 'accept' || verdict === 'already' ? said[verdict] : `\`${verdict}\``;
        }),
      ]),
    ),
  ].join('\n');
}
