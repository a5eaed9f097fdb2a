import { randomUUID } from 'node:crypto';
import { AwsFault } from '../aws-fault.ts';
import { jsonAnswer, jsonError, jsonTarget, parseJsonBody } from '../aws-json.ts';
import type { Authorize, Clock, Service, ServiceRequest } from '../types.ts';
import type { PublishedEvent } from './messaging.ts';

/** EventBridge's PutEvents (EventBridge API Reference, "PutEvents"). */
export function createEventBridge(options: {
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly hasBus: (arn: string) => boolean;
  readonly publish: (event: PublishedEvent) => void;
}): Service {
  return {
    scopes: ['events'],
    operationOf: ({ headers }) => jsonTarget(headers, 'AWSEvents'),
    async handle(request) {
      try {
        if (jsonTarget(request.headers, 'AWSEvents') !== 'PutEvents')
          throw new AwsFault('UnknownOperationException', 400, 'The sandbox has PutEvents only.');
        return jsonAnswer(200, putEvents(request, options), request.id);
      } catch (error) {
        if (error instanceof AwsFault) return jsonError(error, request.id);
        throw error;
      }
    },
    error: (error, requestId) => jsonError(error, requestId),
  };
}

function putEvents(
  request: ServiceRequest,
  { clock, authorize, hasBus, publish }: Parameters<typeof createEventBridge>[0],
) {
  const entries = readEntries(parseJsonBody(request.body)['Entries']);
  const placed = entries.map((entry) => ({ entry, busArn: busArnOf(entry['EventBusName'], request) }));
  // One bus that is shut fails the whole call; that is why they are asked before anything is published.
  for (const busArn of new Set(placed.map((each) => each.busArn))) {
    const resourceAccountId = busArn.split(':')[4] ?? request.caller.accountId;
    const answer = authorize({ request, action: 'events:PutEvents', resource: busArn, resourceAccountId });
    if (!answer.allowed) throw new AwsFault('AccessDeniedException', 400, answer.message);
  }
  const results = placed.map(({ entry, busArn }) => {
    const failure = checkEntry(entry);
    if (failure) return { ErrorCode: failure[0], ErrorMessage: failure[1] };
    const id = randomUUID();
    // EventBridge takes an event for a bus that does not exist, answers with an id, and drops it.
    if (hasBus(busArn) || busArn.endsWith(':event-bus/default'))
      publish({
        kind: 'event',
        id,
        at: new Date(clock.now()).toISOString(),
        accountId: request.caller.accountId,
        busArn,
        source: String(entry['Source']),
        detailType: String(entry['DetailType']),
        detail: JSON.parse(String(entry['Detail'])) as Record<string, unknown>,
        resources: Array.isArray(entry['Resources']) ? entry['Resources'].map(String) : [],
      });
    return { EventId: id };
  });
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
}

type Entry = Readonly<Record<string, unknown>>;

function readEntries(value: unknown): readonly Entry[] {
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'object' && entry !== null))
    throw invalid(
      "1 validation error detected: Value null at 'entries' failed to satisfy constraint: Member must not be null",
    );
  if (value.length < 1 || value.length > entriesMax)
    throw invalid(
      `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${
        value.length < 1 ? 'greater than or equal to 1' : `less than or equal to ${entriesMax}`
      }`,
    );
  const entries = value as readonly Entry[];
  if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > totalBytesMax)
    throw invalid('Total size of the entries in the request is over the limit.');
  return entries;
}

/** EventBridge User Guide, "Calculating Amazon EventBridge PutEvents event entry size". */
function entryBytes(entry: Entry): number {
  const strings = [
    entry['Source'],
    entry['DetailType'],
    entry['Detail'],
    ...[entry['Resources'] ?? []].flat(),
  ];
  const time = entry['Time'] === undefined ? 0 : 14;
  return strings.reduce<number>(
    (sum, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0),
    time,
  );
}

function checkEntry(entry: Entry): readonly [code: string, message: string] | undefined {
  for (const name of ['Source', 'DetailType', 'Detail'])
    if (typeof entry[name] !== 'string' || entry[name] === '')
      return ['InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`];
  if (String(entry['Source']).startsWith('aws.'))
    return ['NotAuthorizedForSourceException', 'Not authorized for the source.'];
  return isJsonObject(String(entry['Detail'])) ? undefined : ['MalformedDetail', 'Detail is malformed.'];
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function busArnOf(name: unknown, { region, caller }: ServiceRequest): string {
  const given = name === undefined ? 'default' : name;
  if (
    typeof given !== 'string' ||
    !/^(arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:event-bus\/)?[/.\-_A-Za-z0-9]{1,256}$/.test(given)
  )
    throw invalid(
      "1 validation error detected: Value at 'eventBusName' failed to satisfy constraint: Member must be the name or ARN of an event bus",
    );
  return given.startsWith('arn:') ? given : `arn:aws:events:${region}:${caller.accountId}:event-bus/${given}`;
}

function invalid(message: string): AwsFault {
  return new AwsFault('ValidationException', 400, message);
}

const entriesMax = 10;
/** The older and smaller of the limits AWS has had: what fits it fits the other. */
const totalBytesMax = 256 * 1024;
