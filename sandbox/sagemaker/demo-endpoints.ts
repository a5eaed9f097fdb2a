import type { EndpointSeed } from './sagemaker.ts';

/** The endpoints that the sandbox's parent begins with. The bucket is where asynchronous results go. */
export function demoEndpoints(accountId: string, asyncBucket: string): readonly EndpointSeed[] {
  // The bucket's root: a caller's S3OutputPathExtension, grants/<id>/out, then lies where its grant may read.
  const async = { s3OutputPath: `s3://${asyncBucket}/`, s3FailurePath: `s3://${asyncBucket}/failures/` };
  return [
    { accountId, name: 'Iris-Classifier', model: 'iris' },
    { accountId, name: 'storyteller', model: 'storyteller' },
    { accountId, name: 'puppet', model: 'puppet' },
    { accountId, name: 'Iris-Classifier-Async', model: 'iris', async },
    { accountId, name: 'puppet-async', model: 'puppet', async },
  ];
}
