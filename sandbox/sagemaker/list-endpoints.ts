import { AwsFault } from '../aws-fault.ts';
import type { Endpoint } from './endpoints.ts';

type Input = Readonly<Record<string, unknown>>;

/** One page (SageMaker API Reference, "ListEndpoints"). Pure. @throws AwsFault ValidationException */
export function listEndpoints(endpoints: readonly Endpoint[], input: Input): object {
  const { first, resultsMax } = readPage(input);
  const matching = endpoints.filter(matches(input)).sort(order(input));
  const rest = matching.slice(first);
  return {
    Endpoints: rest.slice(0, resultsMax).map((endpoint) => ({
      EndpointName: endpoint.name,
      EndpointArn: endpoint.arn,
      CreationTime: endpoint.createdAt / 1000,
      LastModifiedTime: endpoint.modifiedAt / 1000,
      EndpointStatus: endpoint.status,
    })),
    ...(rest.length > resultsMax && { NextToken: encodeToken(first + resultsMax, input) }),
  };
}

const resultsDefault = 10;

function matches(input: Input): (endpoint: Endpoint) => boolean {
  const text = (name: string) => (typeof input[name] === 'string' ? input[name] : undefined);
  const time = (name: string) => (typeof input[name] === 'number' ? input[name] * 1000 : undefined);
  const nameContains = text('NameContains')?.toLowerCase() ?? '';
  const status = text('StatusEquals');
  return ({ name, status: own, createdAt, modifiedAt }) =>
    name.toLowerCase().includes(nameContains) &&
    (status === undefined || own === status) &&
    createdAt > (time('CreationTimeAfter') ?? Number.NEGATIVE_INFINITY) &&
    createdAt < (time('CreationTimeBefore') ?? Number.POSITIVE_INFINITY) &&
    modifiedAt > (time('LastModifiedTimeAfter') ?? Number.NEGATIVE_INFINITY) &&
    modifiedAt < (time('LastModifiedTimeBefore') ?? Number.POSITIVE_INFINITY);
}

const keys: Readonly<Record<string, (endpoint: Endpoint) => string | number>> = {
  Name: ({ name }) => name.toLowerCase(),
  CreationTime: ({ createdAt }) => createdAt,
  Status: ({ status }) => status,
};

function order({ SortBy = 'CreationTime', SortOrder = 'Descending' }: Input) {
  const key = Object.hasOwn(keys, String(SortBy)) ? keys[String(SortBy)] : undefined;
  if (!key) throw invalid('sortBy', 'Member must satisfy enum value set: [Name, CreationTime, Status]');
  if (SortOrder !== 'Ascending' && SortOrder !== 'Descending')
    throw invalid('sortOrder', 'Member must satisfy enum value set: [Ascending, Descending]');
  const sign = SortOrder === 'Ascending' ? 1 : -1;
  return (a: Endpoint, b: Endpoint) => {
    const [left, right] = [key(a), key(b)];
    return sign * (left < right ? -1 : left > right ? 1 : a.createdAt - b.createdAt);
  };
}

function readPage(input: Input): { first: number; resultsMax: number } {
  const { MaxResults: resultsMax = resultsDefault, NextToken } = input;
  if (typeof resultsMax !== 'number' || !Number.isInteger(resultsMax) || resultsMax < 1 || resultsMax > 100)
    throw invalid('maxResults', 'Member must have value between 1 and 100');
  if (NextToken === undefined) return { first: 0, resultsMax };
  const first = decodeToken(String(NextToken), input);
  if (first === undefined) throw invalid('nextToken', 'Member must be a token of this very list');
  return { first, resultsMax };
}

/** A token belongs to its query: with other filters it would skip and repeat. */
function encodeToken(first: number, input: Input): string {
  return Buffer.from(JSON.stringify([first, queryOf(input)])).toString('base64url');
}

function decodeToken(token: string, input: Input): number | undefined {
  try {
    const [first, query] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as unknown[];
    return query === queryOf(input) && Number.isInteger(first) && Number(first) > 0
      ? Number(first)
      : undefined;
  } catch {
    return undefined;
  }
}

function queryOf(input: Input): string {
  const { MaxResults: _, NextToken: __, ...query } = input;
  return JSON.stringify(Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function invalid(member: string, constraint: string): AwsFault {
  return new AwsFault(
    'ValidationException',
    400,
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}
