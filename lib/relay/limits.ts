/** How much and how long. Sources stand beside the numbers. */

import type { Mode } from '../contract/fields.ts';
import { refusal } from './errors.ts';

/** Lambda takes events of 6 MB (6,291,456 bytes), and a body travels in one as base64, a third longer, beside its headers. */
export const requestBytesMax = 4_500_000;

/** SageMaker's real-time answers end at 25 MB ("Real-time inference", SageMaker Developer Guide). */
export const answerBytesMax = 26_214_400;

/** An asynchronous result may have 1 GB; Lambda streams at most 200 MB ("Response streaming for Lambda functions"). */
export const resultBytesMax = 200_000_000;

/** API Gateway cuts a streamed answer after 5 minutes without a byte ("Response streaming", regional endpoints). */
export const silenceMsMax = 290_000;

/**
 * Until SageMaker's answer begins. A model has 60 s; the API reference asks clients to wait 70. A stream may last
 * 8 minutes, but not be silent for 5.
 */
export const answerWithinMs: Readonly<Record<Mode, number>> = {
  sync: 70_000,
  stream: silenceMsMax,
  async: 30_000,
};

/** Throws Refusal. */
export function checkBodySize(bytes: number, alias: string): void {
  if (bytes <= requestBytesMax) return;
  throw refusal(
    'PayloadTooLargeException',
    `The body has ${bytes} bytes; the relay carries at most ${requestBytesMax}. Upload it with ` +
      `POST /endpoints/${alias}/async-uploads or invoke the endpoint itself with credentials from ` +
      '`sharemaker credential-process`.',
  );
}
