import { describe, expect, it } from 'vitest';
import { bufferedResponse, streamedResponse } from '../../../sandbox/apigateway/proxy-response.ts';
import { textOf } from './an-api.ts';

describe('a buffered answer', () => {
  const respond = (answer: unknown) => bufferedResponse(JSON.stringify(answer), 'request-1');

  it('passes status, headers and text', async () => {
    const response = respond({
      statusCode: 201,
      headers: {
        'Content-Type': 'text/csv',
        ETag: '"1"',
        'x-count': 3,
        Date: 'then',
        'X-Amzn-RequestId': 'r',
      },
      multiValueHeaders: { Link: ['a', 'b'] },
      body: 'ä',
    });
    expect(response.status).toBe(201);
    expect(response.headers).toEqual({
      'content-type': 'text/csv',
      etag: '"1"',
      'x-count': '3',
      'x-amzn-remapped-date': 'then',
      'x-amzn-remapped-x-amzn-requestid': 'r',
      link: 'a, b',
      'x-amzn-requestid': 'request-1',
      'x-amz-apigw-id': 'request-1',
    });
    expect(await textOf(response)).toBe('ä');
  });

  it('decodes base64, and calls JSON what has no type', () => {
    const response = respond({ statusCode: '200', body: 'AP8=', isBase64Encoded: true });
    expect(response.body).toEqual(Buffer.from([0, 255]));
    expect(response.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['nothing', null],
    ['a list', []],
    ['a text', 'hello'],
    ['no status', { body: 'x' }],
    ['a status that is none', { statusCode: 'fine' }],
    ['a status out of range', { statusCode: 700 }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['a header that is no scalar', { statusCode: 200, headers: { a: ['b'] } }],
    ['a field API Gateway does not know', { statusCode: 200, cookies: [] }],
    ['more than Lambda carries', { statusCode: 200, body: 'x'.repeat(6.1 * 1024 * 1024) }],
  ])('is 502 for %s', async (_, answer) => {
    const response = respond(answer);
    expect(response.status).toBe(502);
    expect(await textOf(response)).toBe('{"message":"Internal server error"}');
  });
});

describe('a streamed answer', () => {
  const nul = '\0'.repeat(8);
  const respond = (...parts: string[]) =>
    streamedResponse(
      (async function* () {
        for (const part of parts) yield Buffer.from(part);
      })(),
      'request-1',
    );

  it('takes status and headers from the metadata, however it is split', async () => {
    for (const parts of [
      [`{"statusCode":203,"headers":{"x-a":"b"}}${nul}body`],
      ['{"statusCode":203,"hea', `ders":{"x-a":"b"}}${nul.slice(3)}`, nul.slice(5), 'bo', 'dy'],
    ]) {
      const response = await respond(...parts);
      expect(response.status).toBe(203);
      expect(response.headers['x-a']).toBe('b');
      expect(await textOf(response)).toBe('body');
    }
  });

  it('may be empty', async () => {
    const response = await respond(`{"statusCode":204}${nul}`);
    expect([response.status, await textOf(response)]).toEqual([204, '']);
  });

  it.each([
    ['no delimiter', ['{"statusCode":200}']],
    ['metadata that is not JSON', [`hello${nul}body`]],
    ['metadata of more than 16 KB', [`{"headers":{"a":"${'x'.repeat(17_000)}"}}${nul}`]],
    ['a body in the metadata', [`{"statusCode":200,"body":"x"}${nul}`]],
  ])('is 500 for %s', async (_, parts) => {
    expect((await respond(...parts)).status).toBe(500);
  });

  it('lets go of the function when the client leaves', async () => {
    let hasLeft = false;
    async function* endless() {
      try {
        yield Buffer.from(`{}${nul}`);
        for (;;) yield Buffer.from('x');
      } finally {
        hasLeft = true;
      }
    }
    const { body } = await streamedResponse(endless(), 'request-1');
    for await (const _ of body as AsyncIterable<Uint8Array>) break;
    expect(hasLeft).toBe(true);
  });
});
