/** Which questions to IAM an operation of DynamoDB raises (Service Authorization Reference, "Amazon DynamoDB"). Pure. */

export interface Access {
  readonly action: string;
  readonly resource: string;
}

type Input = Readonly<Record<string, unknown>>;

/** Undefined: an operation that the sandbox does not have. */
export function accessOf(
  operation: string,
  input: Input,
  place: { readonly accountId: string; readonly region: string },
): readonly Access[] | undefined {
  const resources = resourcesOf[operation];
  if (!resources) return undefined;
  const root = `arn:aws:dynamodb:${place.region}:${place.accountId}`;
  return resources(input).map((path) => ({
    action: `dynamodb:${operation}`,
    resource: path.startsWith('arn:') || path === '*' ? path : `${root}:${path}`,
  }));
}

const table = (input: Input) => [`table/${String(input['TableName'])}`];
const tableOrIndex = (input: Input) =>
  input['IndexName'] === undefined
    ? table(input)
    : [`table/${String(input['TableName'])}/index/${String(input['IndexName'])}`];
const tablesOfBatch = ({ RequestItems }: Input) =>
  typeof RequestItems === 'object' && RequestItems !== null
    ? Object.keys(RequestItems).map((name) => `table/${name}`)
    : [];
const arn = (input: Input) => [String(input['ResourceArn'])];

const resourcesOf: Readonly<Record<string, (input: Input) => readonly string[]>> = {
  GetItem: table,
  PutItem: table,
  UpdateItem: table,
  DeleteItem: table,
  Query: tableOrIndex,
  Scan: tableOrIndex,
  BatchGetItem: tablesOfBatch,
  BatchWriteItem: tablesOfBatch,
  CreateTable: table,
  DeleteTable: table,
  DescribeTable: table,
  UpdateTable: table,
  DescribeTimeToLive: table,
  UpdateTimeToLive: table,
  ListTables: () => ['*'],
  TagResource: arn,
  UntagResource: arn,
  ListTagsOfResource: arn,
};
