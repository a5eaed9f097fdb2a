/**
 * `npm run check:aws -- --endpoint NAME [--region REGION]`: sees in a real account, with the caller's own credentials,
 * what Sharemaker assumes of AWS. It makes roles under /sharemaker-check/ for the time it takes, and nothing else; no
 * model runs. Exit code 1 when something does not hold.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { IAMClient } from '@aws-sdk/client-iam';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { STSClient } from '@aws-sdk/client-sts';
import type { Sight } from './check-aws/assumptions.ts';
import { checkAws } from './check-aws/check.ts';

const usage = `Usage: npm run check:aws -- --endpoint NAME [--region REGION]

  --endpoint NAME    an endpoint of the account, in the case it was created with; no model of it runs
  --region REGION    where it is; as your AWS settings say unless given

With credentials that may create and delete roles under /sharemaker-check/, assume them, and describe the endpoint.`;

const { endpoint, region } = readArguments();
const sights: Sight[] = [];
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
const of = { ...(region !== undefined && { region }) };
try {
  const left = await checkAws(
    {
      iam: new IAMClient(of),
      sts: new STSClient(of),
      sageMaker: new SageMakerClient(of),
      // A probe that was refused for a moment is asked again by us.
      runtimeAs: (credentials) => new SageMakerRuntimeClient({ ...of, credentials, maxAttempts: 1 }),
    },
    {
      endpointName: endpoint,
      patience: {
        now: Date.now,
        sleep: (ms) => sleep(ms, undefined, { signal: interrupted.signal }),
        lagMsMax: 60_000,
      },
      report(says, sight) {
        sights.push(sight);
        console.log(`${sight.verdict.padEnd(17)}  ${says}\n${' '.repeat(19)}${sight.saw}`);
      },
    },
  );
  for (const name of left) console.error(`Left behind, please delete: role /sharemaker-check/${name}`);
  process.exitCode = left.length > 0 || sights.some(({ verdict }) => verdict === 'does not') ? 1 : 0;
} catch (error) {
  const { name, message } = error as Error;
  console.error(`Sharemaker: ${name === 'AbortError' ? 'stopped' : `${name}: ${message}`}`);
  process.exitCode = 1;
}

function readArguments(): { endpoint: string; region: string | undefined } {
  const options = { endpoint: { type: 'string' }, region: { type: 'string' } } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.endpoint !== undefined) return { endpoint: values.endpoint, region: values.region };
  } catch {
    // The usage says it.
  }
  console.error(usage);
  process.exit(2);
}
