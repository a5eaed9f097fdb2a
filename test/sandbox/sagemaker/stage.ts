/** SageMaker alone on a port, with endpoints of the parent and a clock that stands still until moved. */

import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { createS3 } from '../../../sandbox/s3/s3.ts';
import { demoEndpoints } from '../../../sandbox/sagemaker/demo-endpoints.ts';
import { createSageMaker, type SageMakerOptions } from '../../../sandbox/sagemaker/sagemaker.ts';
import type { AccessQuestion } from '../../../sandbox/types.ts';
import { authorizeBy, parentAccount, serveService } from '../service-adapter.ts';

export const asyncBucket = 'sharemaker-dev-async-111111111111-us-east-1';

export async function openStage(options: Partial<Pick<SageMakerOptions, 'limits'>> = {}) {
  const rules = { isAllowed: (_: AccessQuestion): boolean => true };
  const { authorize, questions } = authorizeBy((question) => rules.isAllowed(question));
  let now = Date.UTC(2030, 0, 1);
  const clock = { now: () => now };
  const s3 = createS3({ clock, authorize });
  s3.createBucket(parentAccount, asyncBucket);
  const sageMaker = createSageMaker({ clock, authorize, s3, ...options });
  for (const seed of demoEndpoints(parentAccount, asyncBucket)) sageMaker.addEndpoint(seed);
  const server = await serveService(sageMaker.service);
  return {
    s3,
    sageMaker,
    server,
    questions,
    rules,
    runtime: new SageMakerRuntimeClient(server.clientOf()),
    control: new SageMakerClient(server.clientOf()),
    advanceSeconds: (seconds: number) => {
      now += seconds * 1000;
    },
    close() {
      server.close();
      sageMaker.close();
    },
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;
