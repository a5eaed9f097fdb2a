/** `npm start`: the sandbox, the tour, and then the sandbox to play with. `-- --exit` ends after the tour. */

import { parseArgs } from 'node:util';
import { isPortTaken, readPort, runCommand, untilStopped } from './command.ts';
import { heldOutRows } from './sagemaker/models/iris.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';
import { StoryBroken } from './tour/answers.ts';
import { farewell } from './tour/farewell.ts';
import { type Narrator, narrator } from './tour/narrator.ts';
import { playTour } from './tour/tour.ts';

const usualPort = 4599;

const usage = `Usage: npm start [-- --exit] [-- --port PORT]
  --exit        end after the tour: 0 if every step held, 1 if not
  --port PORT   listen on 127.0.0.1:PORT; ${usualPort} unless given, or a free one where that is taken`;

await runCommand('Sharemaker', usage, async () => {
  const { isShort, port, help } = readFlags();
  if (help) return console.log(usage);
  const hasColour = process.stdout.isTTY === true && !process.env['NO_COLOR'];
  const speaker = narrator((line) => console.log(line), hasColour);
  const stopped = untilStopped().then(() => 'stopped' as const);

  speaker.title('Sharemaker: two AWS accounts on your machine, IAM enforced. Starting …');
  const startedAt = performance.now();
  const sandbox = await (isShort ? startSandbox({ port: port ?? 0 }) : startAtAPort(port, speaker));
  const { parent, child, outsider } = sandbox.describe;
  speaker.says(
    `The sandbox is up after ${seconds(startedAt)} s: parent ${parent.accountId}, child ${child.accountId}, outsider ${outsider.accountId}.`,
  );

  const ending = await Promise.race([tell(sandbox, speaker), stopped]);
  if (ending === 'held') speaker.title(`Every step held. The tour took ${seconds(startedAt)} s.`);
  else if (ending === 'stopped') process.stderr.write('\nThe tour was stopped before its end.\n');
  else process.stderr.write(`\nThe tour stopped. ${ending.broken}\n`);

  if (ending === 'held' && !isShort) {
    for (const line of farewell(sandbox.describe)) console.log(line);
    await stopped;
  }
  await sandbox.close();
  // Of a tour that was cut short, calls are still under way.
  process.exit(ending === 'held' ? 0 : 1);
});

function readFlags() {
  const { values } = parseArgs({
    options: {
      exit: { type: 'boolean', default: false },
      port: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    isShort: values.exit,
    port: values.port === undefined ? undefined : readPort(values.port),
    help: values.help,
  };
}

/** An address to remember where it is free; whoever asks for a port gets that one or an error. */
async function startAtAPort(port: number | undefined, speaker: Narrator): Promise<Sandbox> {
  if (port !== undefined) return startSandbox({ port });
  try {
    return await startSandbox({ port: usualPort });
  } catch (error) {
    if (!isPortTaken(error)) throw error;
    speaker.says(`Port ${usualPort} is taken (another sandbox?), so a free one serves.`);
    return startSandbox({ port: 0 });
  }
}

/** `held`, or the sentence that says what did not. */
function tell(sandbox: Sandbox, speaker: Narrator): Promise<'held' | { broken: string }> {
  return playTour({
    place: sandbox.describe,
    narrator: speaker,
    irisRows: heldOutRows,
    now: sandbox.now,
  }).then(
    () => 'held',
    (error: unknown) => ({
      broken:
        error instanceof StoryBroken
          ? error.message
          : `Something failed: ${error instanceof Error ? error.stack : error}`,
    }),
  );
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
