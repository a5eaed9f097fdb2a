/**
 * Makes `Date` of this thread follow the sandbox clock. Timers and performance.now() stay as they are: advancing the
 * clock must not make a function time out.
 */
export function shiftDate(offset: SharedArrayBuffer): void {
  const added = new BigInt64Array(offset);
  const RealDate = Date;
  const realNow = RealDate.now;
  const now = () => realNow() + Number(Atomics.load(added, 0));
  RealDate.now = now;
  const Shifted = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
  });
  RealDate.prototype.constructor = Shifted;
  globalThis.Date = Shifted;
}
