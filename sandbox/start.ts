/** `npm start`: the sandbox, the tour, and then the sandbox to play with. `-- --exit` ends after the tour. */

import { parseArgs } from 'node:util';
import { heldOutRows } from './sagemaker/models/iris.ts';
import { startSandbox } from './sandbox.ts';
import { farewell } from './tour/farewell.ts';
import { narrator } from './tour/narrator.ts';
import { playTour, StoryBroken } from './tour/tour.ts';

const { values } = parseArgs({
  options: { exit: { type: 'boolean', default: false }, port: { type: 'string', default: '4599' } },
});
const speaker = narrator(
  (line) => console.log(line),
  process.stdout.isTTY === true && !process.env['NO_COLOR'],
);

speaker.title('Sharemaker: two AWS accounts on your machine, IAM enforced. Starting …');
const startedAt = performance.now();
const sandbox = await startSandbox({ port: values.exit ? 0 : Number(values.port) });
speaker.says(
  `The sandbox is up after ${seconds(startedAt)} s: parent ${sandbox.describe.parent.accountId}, child ${sandbox.describe.child.accountId}, outsider ${sandbox.describe.outsider.accountId}.`,
);

const held = await playTour({
  place: sandbox.describe,
  narrator: speaker,
  irisRows: heldOutRows,
  now: () => sandbox.now(),
}).then(
  () => true,
  (error: unknown) => {
    const sentence =
      error instanceof StoryBroken
        ? error.message
        : `Something failed: ${error instanceof Error ? error.stack : error}`;
    console.error(`\nThe tour stopped. ${sentence}`);
    return false;
  },
);
if (held) speaker.title(`Every step held. The tour took ${seconds(startedAt)} s.`);

if (values.exit || !held) {
  await sandbox.close();
  process.exit(held ? 0 : 1);
}
for (const line of farewell(sandbox.describe)) console.log(line);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void sandbox.close().then(() => process.exit(0)));

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
