/**
 * A date of a policy or a request: one of the W3C profiles of ISO 8601 (https://www.w3.org/TR/NOTE-datetime), or
 * seconds since the epoch ("Date condition operators"). Four digits alone are a year.
 * @returns milliseconds since the epoch; undefined for anything else, 30 February included.
 */
export function parseDate(text: string): number | undefined {
  if (/^\d{5,12}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const found = profile.exec(text);
  if (!found) return undefined;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = '', zone] =
    found;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
  const utcMs = Date.parse(iso);
  // What does not come back as it was written was rolled over into another day: there is no such date.
  const isReal = !Number.isNaN(utcMs) && new Date(utcMs).toISOString() === iso;
  return isReal ? utcMs - zoneOffsetMs(zone) : undefined;
}

const profile =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d))?)?)?$/;

function zoneOffsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
