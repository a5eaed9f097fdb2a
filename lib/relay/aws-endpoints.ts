/** Where an AWS service of a Region is reached. The variables are those every AWS SDK obeys ("Service-specific endpoints"). */

export type ServiceName = 'sts' | 'dynamodb' | 'sagemaker-runtime' | 's3';

const variables: Readonly<Record<ServiceName, string>> = {
  sts: 'AWS_ENDPOINT_URL_STS',
  dynamodb: 'AWS_ENDPOINT_URL_DYNAMODB',
  'sagemaker-runtime': 'AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME',
  s3: 'AWS_ENDPOINT_URL_S3',
};

const hosts: Readonly<Record<ServiceName, string>> = {
  sts: 'sts',
  dynamodb: 'dynamodb',
  'sagemaker-runtime': 'runtime.sagemaker',
  s3: 's3',
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Without a trailing slash. `isCustom` when the environment names the address, where S3 buckets go into the path. */
export function serviceUrl(
  service: ServiceName,
  region: string,
  environment: Environment,
): { readonly url: string; readonly isCustom: boolean } {
  const custom = environment[variables[service]] || environment['AWS_ENDPOINT_URL'];
  if (custom) return { url: custom.replace(/\/+$/, ''), isCustom: true };
  return { url: `https://${hosts[service]}.${region}.${dnsSuffix(region)}`, isCustom: false };
}

function dnsSuffix(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
