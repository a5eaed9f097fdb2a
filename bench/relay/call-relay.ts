/** Calls through the relay: its whole handler, bundled as deployed, in this process. The first argument is the bundle. */

import { load } from '../load.ts';
import { serveTasks } from '../side.ts';
import { type CallTask, checkEcho } from './call.ts';
import { aBody, invokeEvent } from './event.ts';
import { loadLambda } from './lambda.ts';

const invoke = await loadLambda(process.argv[2] as string);

serveTasks<CallTask>('ready', (task) => {
  const event = invokeEvent(task.endpoint, aBody(task.bodyBytes));
  return load(async () => {
    const { status, bytes } = await invoke(event);
    checkEcho(task.bodyBytes, status, bytes);
  }, task);
});
