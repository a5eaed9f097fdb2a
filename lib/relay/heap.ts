/**
 * Garbage that V8 makes in old space by itself; what the code makes there, bundle.test.ts forbids. V8 learns from its
 * first collections which literals live long, and makes their like in old space from then on. While an environment warms
 * up with many requests at a time, every part of a request seems to live long. What then dies in old space keeps all young
 * objects that it knows alive through each collection: a request cost twice the CPU, and five times a second everybody
 * waited 10 to 15 ms.
 */
let isSaid = false;

/** Loading the module takes 2 ms, which no first caller is to wait for. */
export function keepGarbageYoung(): void {
  if (isSaid) return;
  isSaid = true;
  process.getBuiltinModule('node:v8').setFlagsFromString('--no-allocation-site-pretenuring');
}
