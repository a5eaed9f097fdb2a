/** Where an AWS service of a Region is reached. The variables are those every AWS SDK obeys ("Service-specific endpoints"). */

export type ServiceName = 'sts' | 'dynamodb' | 'sagemaker-runtime' | 's3';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Without a trailing slash. `isCustom` when the environment names the address, where S3 buckets go into the path. */
export function serviceUrl(
  service: ServiceName,
  region: string,
  environment: Environment,
): { readonly url: string; readonly isCustom: boolean } {
  const variable = `AWS_ENDPOINT_URL_${service.toUpperCase().replace('-', '_')}`;
  const custom = environment[variable] || environment['AWS_ENDPOINT_URL'];
  if (custom) return { url: custom.replace(/\/+$/, ''), isCustom: true };
  const host = service === 'sagemaker-runtime' ? 'runtime.sagemaker' : service;
  const china = region.startsWith('cn-') ? '.cn' : '';
  return { url: `https://${host}.${region}.amazonaws.com${china}`, isCustom: false };
}
