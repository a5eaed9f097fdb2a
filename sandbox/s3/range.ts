import { AwsFault } from '../aws-fault.ts';

export interface RangedBody {
  readonly status: 200 | 206;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * One byte range (RFC 9110, 14.2). What is no range, or several, is ignored and the whole answered, as the RFC permits.
 * @throws AwsFault InvalidRange 416
 */
export function sliceRange(range: string | undefined, body: Buffer): RangedBody {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '' && last === '')
    return { status: 200, headers: { 'content-length': String(body.length) }, body };
  const start = first === '' ? Math.max(0, body.length - Number(last)) : Number(first);
  const end = first === '' || last === '' ? body.length - 1 : Math.min(Number(last), body.length - 1);
  if (start > end || start >= body.length)
    throw new AwsFault('InvalidRange', 416, 'The requested range is not satisfiable');
  const slice = body.subarray(start, end + 1);
  return {
    status: 206,
    headers: {
      'content-length': String(slice.length),
      'content-range': `bytes ${start}-${end}/${body.length}`,
    },
    body: slice,
  };
}
