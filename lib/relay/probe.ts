/**
 * Shows whether a share lets this account in, without running a model: takes the share role's session, then asks for
 * a production variant, or an input, that does not exist. SageMaker checks the permission before it looks for either, so
 * a ValidationError means "authorised" and AccessDenied means "shut".
 */

import type { Mode } from '../contract/fields.ts';
import type { AssumeRole } from './assume-role.ts';
import { AwsError, isThrottle } from './aws-error.ts';
import { HttpFailure } from './http.ts';
import { certainlyDidNotRun } from './retry.ts';
import type { CallRuntime } from './runtime.ts';
import type { Terms } from './subscription.ts';

/** `shut`: AWS refused, and `detail` says what. `unclear`: AWS gave no verdict. */
export type ProbeResult =
  | { readonly access: 'open' }
  | { readonly access: 'shut' | 'unclear'; readonly detail: string };

export type Probe = (terms: Terms, sourceIdentity: string) => Promise<ProbeResult>;

const timeoutMs = 5_000;
/** Valid as a name, and nobody's. */
const noSuchVariant = 'sharemaker-probe-no-such-variant';
/** Of a bucket that nobody can have: S3 knows no capitals. */
const noSuchInput = 's3://SHAREMAKER_PROBE/absent';
const nothing = Buffer.alloc(0);

export function createProbe(options: {
  readonly assumeRole: AssumeRole;
  readonly runtime: CallRuntime;
}): Probe {
  const { assumeRole, runtime } = options;
  return async (terms, sourceIdentity) => {
    try {
      const credentials = await assumeRole({
        roleArn: terms.roleArn,
        externalId: terms.externalId,
        sessionName: terms.grantId,
        ...(terms.recordCaller && { sourceIdentity }),
      });
      for (const mode of terms.modes) {
        const answer = await runtime({
          mode,
          endpoint: terms.endpoint,
          headers: headersFor(mode, terms),
          body: nothing,
          credentials,
          timeoutMs,
        });
        if (answer.kind !== 'error') {
          // An asynchronous request was queued and will fail; any other answer means that we were let in, too.
          if (answer.kind === 'stream') answer.stream.cut();
          continue;
        }
        if (answer.status === 403)
          return { access: 'shut', detail: `SageMaker refused mode ${mode} (${answer.errorCode}).` };
        if (answer.status >= 500 || certainlyDidNotRun(answer.errorCode))
          return { access: 'unclear', detail: `SageMaker answered ${answer.errorCode}.` };
      }
      return { access: 'open' };
    } catch (error) {
      return resultOfFailure(error);
    }
  };
}

function resultOfFailure(error: unknown): ProbeResult {
  if (error instanceof HttpFailure)
    return { access: 'unclear', detail: 'STS or SageMaker could not be reached.' };
  if (!(error instanceof AwsError)) throw error;
  if (error.$metadata.httpStatusCode >= 500 || isThrottle(error.name))
    return { access: 'unclear', detail: `STS answered ${error.name}.` };
  return { access: 'shut', detail: `STS did not let us take the share role (${error.name}).` };
}

/** InvokeEndpointAsync knows no variants; an input that does not exist is as harmless, for no model sees it. */
function headersFor(mode: Mode, { targets }: Terms): Record<string, string> {
  if (mode === 'async') return { 'x-amzn-sagemaker-inputlocation': noSuchInput };
  const model = targets?.models?.[0];
  return {
    'content-type': 'application/octet-stream',
    'x-amzn-sagemaker-target-variant': noSuchVariant,
    // A grant for certain models is shut to a request that names none.
    ...(model !== undefined && mode === 'sync' && { 'x-amzn-sagemaker-target-model': modelWithin(model) }),
  };
}

/** A name that the pattern admits, its wildcards as short as they can be. */
export function modelWithin(pattern: string): string {
  return pattern.replaceAll('*', '').replaceAll('?', 'x') || 'x';
}
