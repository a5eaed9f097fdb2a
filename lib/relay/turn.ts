/**
 * Where one environment serves many requests at once ("Lambda Managed Instances"), what they write in one turn of the event
 * loop leaves together at its end. What a small write costs is the waking of whoever reads it, and the first of many wakes
 * for all. A request that is alone waits for nobody: while its reader wakes, the turn goes on.
 */

/** Requests that this environment has not answered yet. */
let underWay = 0;

export function requestBegins(): void {
  underWay += 1;
}

export function requestEnds(): void {
  underWay -= 1;
}

/** At once, or at the end of the turn. */
export function together(write: () => void): void {
  if (underWay > 1) setImmediate(write);
  else write();
}
