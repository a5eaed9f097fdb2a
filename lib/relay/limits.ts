/** How much and how long. Sources stand beside the numbers. */

import type { Mode } from '../contract/fields.ts';
import { refusal } from './errors.ts';

/** Lambda takes events of 6 MB (6,291,456 bytes), and a body travels in one as base64, a third longer, beside its headers. */
export const requestBytesMax = 4_500_000;

/** SageMaker's real-time answers end at 25 MB ("Real-time inference", SageMaker Developer Guide). */
export const answerBytesMax = 26_214_400;

/**
 * Until SageMaker's answer begins. A model has 60 s; the API reference asks clients to wait 70. A stream may last
 * 8 minutes, and its first byte may be as late.
 */
export const answerWithinMs: Readonly<Record<Mode, number>> = {
  sync: 70_000,
  stream: 490_000,
  async: 30_000,
};

/** Throws Refusal. */
export function checkBodySize(bytes: number, alias: string): void {
  if (bytes <= requestBytesMax) return;
  throw refusal(
    'PayloadTooLargeException',
    `The body has ${bytes} bytes; the relay carries at most ${requestBytesMax}. Two ways out: upload the input ` +
      `with POST /endpoints/${alias}/async-uploads and invoke asynchronously, or invoke the endpoint directly with ` +
      'credentials from `sharemaker credential-process`.',
  );
}

export function gaveUp(endpointName: string, waitedMs: number): string {
  return (
    `The relay waited ${(waitedMs / 1000).toFixed(1)} s for endpoint ${endpointName} and gave up. ` +
    'The model may have run: repeat the request only if it may happen twice.'
  );
}
