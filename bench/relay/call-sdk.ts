/** Calls SageMaker directly: one InvokeEndpointCommand per request, with credentials that are at hand. */

import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { load } from '../load.ts';
import { serveTasks } from '../side.ts';
import { type CallTask, checkEcho } from './call.ts';
import { aBody } from './event.ts';
import { staticCredentials } from './stub-aws.ts';

const client = new SageMakerRuntimeClient({ credentials: staticCredentials });

serveTasks<CallTask>('ready', (task) => {
  const input = { EndpointName: task.endpoint, ContentType: 'application/json', Body: aBody(task.bodyBytes) };
  return load(async () => {
    const { $metadata, Body } = await client.send(new InvokeEndpointCommand(input));
    checkEcho(task.bodyBytes, $metadata.httpStatusCode, Body?.length);
  }, task);
});
