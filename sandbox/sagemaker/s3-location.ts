/** Where things lie in S3, as SageMaker's configurations and headers write it. Pure. */

export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** `s3://bucket/key`, or an https URL of S3, path-style or virtual-hosted. Undefined: neither. */
export function parseS3Location(url: string): S3Location | undefined {
  const [, bucket = '', key = ''] =
    /^s3:\/\/([^/]+)\/?(.*)$/s.exec(url) ??
    /^https:\/\/([^/.]+(?:\.[^/.]+)*?)\.s3[.-][^/]*amazonaws\.com\/(.*)$/s.exec(url) ??
    /^https:\/\/s3[.-][^/]*amazonaws\.com\/([^/]+)\/?(.*)$/s.exec(url) ??
    [];
  return bucket === '' ? undefined : { bucket, key };
}

/** Joins with one slash between the parts: `s3://bucket/`, `out` → `s3://bucket/out`. */
export function joinS3(...parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part, index) => (index === 0 ? part?.replace(/\/+$/, '') : part?.replace(/^\/+|\/+$/g, '')))
    .join('/');
}
