import { describe, expect, it } from 'vitest';
import { type PolicyKind, validatePolicyDocument } from '../../../sandbox/policy/validate.ts';

const identityStatement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };
const trustStatement = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::222222222222:root' },
  Action: 'sts:AssumeRole',
};
const resourceStatement = { ...identityStatement, Principal: '*' };
const statements: Record<PolicyKind, object> = {
  identity: identityStatement,
  boundary: identityStatement,
  session: identityStatement,
  trust: trustStatement,
  resource: resourceStatement,
};

/** One valid policy of a kind with some elements of its statement changed; undefined takes one away. */
const withStatement = (kind: PolicyKind, changes: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: { ...statements[kind], ...changes } });
const messageOf = (text: string, kind: PolicyKind) => {
  const validation = validatePolicyDocument(text, kind);
  return validation.ok ? undefined : validation.message;
};

describe('a valid policy of each kind', () => {
  it.each(Object.keys(statements) as PolicyKind[])('%s is answered as its document', (kind) => {
    const text = withStatement(kind, {});
    expect(validatePolicyDocument(text, kind)).toEqual({ ok: true, document: JSON.parse(text) });
  });

  it.each<[string, PolicyKind, object]>([
    ['an action of every service', 'identity', { Action: '*' }],
    ['every resource', 'identity', { Resource: '*' }],
    [
      'NotAction and NotResource',
      'identity',
      { Action: undefined, NotAction: 'iam:*', Resource: undefined, NotResource: '*' },
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
    ['a variable with a colon in its name', 'identity', { Resource: 'arn:aws:s3:::b/${aws:username}/*' }],
    ['an ARN cut short by a star', 'identity', { Resource: 'arn:aws:s3:*' }],
    ['a path of IAM', 'identity', { Resource: 'arn:aws:iam::*:role/sharemaker/*' }],
    [
      'conditions of every shape',
      'identity',
      {
        Condition: {
          'ForAllValues:StringLikeIfExists': { 'aws:TagKeys': ['a', 'b'] },
          Bool: { 'aws:SecureTransport': true },
          NumericLessThan: { 's3:max-keys': 10 },
          Null: { 'aws:TokenIssueTime': 'true' },
          DateLessThan: { 'aws:CurrentTime': '2027-01-01T00:00:00Z' },
        },
      },
    ],
    ['a Sid of letters and digits', 'identity', { Sid: 'Read1' }],
    ['an account by its number', 'trust', { Principal: { AWS: '222222222222' } }],
    ['everyone in the long form', 'trust', { Principal: { AWS: '*' } }],
    [
      'a role, a user and a session',
      'trust',
      {
        Principal: {
          AWS: [
            'arn:aws:iam::222222222222:role/a/b',
            'arn:aws:iam::222222222222:user/c',
            'arn:aws:sts::222222222222:assumed-role/b/s',
          ],
        },
      },
    ],
    ['a unique id', 'trust', { Principal: { AWS: 'AROAEXAMPLE0000000001' } }],
    ['a service', 'trust', { Principal: { Service: 'lambda.amazonaws.com' } }],
    [
      'session tags and source identity',
      'trust',
      { Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] },
    ],
    [
      'a Deny with NotPrincipal',
      'trust',
      { Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: '222222222222' } },
    ],
  ])('may have %s', (_, kind, changes) => {
    expect(messageOf(withStatement(kind, changes), kind)).toBeUndefined();
  });

  it('of trust may be of the older version, or of none', () => {
    expect(messageOf(JSON.stringify({ Statement: trustStatement }), 'trust')).toBeUndefined();
    expect(
      messageOf(JSON.stringify({ Version: '2008-10-17', Statement: [trustStatement] }), 'trust'),
    ).toBeUndefined();
  });
});

describe('a policy that IAM refuses', () => {
  const syntax = 'Syntax errors in policy.';
  const legacy = 'The policy failed legacy parsing';

  it.each<[string, PolicyKind, string, string]>([
    ['text that is no JSON', 'identity', '{', syntax],
    ['text that is no JSON', 'trust', '{', 'This policy contains invalid Json'],
    ['nothing', 'identity', '', syntax],
    ['a list', 'identity', '[]', syntax],
    ['null', 'trust', 'null', syntax],
    ['no statement', 'identity', '{"Version":"2012-10-17"}', syntax],
    ['an empty list of statements', 'identity', '{"Version":"2012-10-17","Statement":[]}', syntax],
    ['a statement that is a text', 'identity', '{"Version":"2012-10-17","Statement":["x"]}', syntax],
    [
      'a version that never was',
      'identity',
      JSON.stringify({ Version: '2013-10-17', Statement: identityStatement }),
      syntax,
    ],
    [
      'an older version',
      'identity',
      JSON.stringify({ Version: '2008-10-17', Statement: identityStatement }),
      'Policy document must be version 2012-10-17 or greater.',
    ],
    [
      'no version',
      'session',
      JSON.stringify({ Statement: identityStatement }),
      'Policy document must be version 2012-10-17 or greater.',
    ],
    [
      'an unknown element',
      'identity',
      JSON.stringify({ Version: '2012-10-17', Statement: identityStatement, Extra: 1 }),
      syntax,
    ],
    [
      'an element that objects have by birth',
      'identity',
      '{"Version":"2012-10-17","constructor":"x","Statement":[]}',
      syntax,
    ],
  ])('%s (%s)', (_, kind, text, message) => {
    expect(messageOf(text, kind)).toBe(message);
  });

  it.each<[string, PolicyKind, object, string]>([
    ['an unknown element of a statement', 'identity', { Extra: 1 }, syntax],
    ['no effect', 'identity', { Effect: undefined }, syntax],
    ['an effect in lower case', 'identity', { Effect: 'allow' }, syntax],
    ['Action beside NotAction', 'identity', { NotAction: 'iam:*' }, syntax],
    ['Resource beside NotResource', 'identity', { NotResource: '*' }, syntax],
    ['an action that is an object', 'identity', { Action: {} }, syntax],
    ['a list in a list', 'identity', { Action: [[]] }, syntax],
    ['a condition that is a list', 'identity', { Condition: [] }, syntax],
    ['an unknown operator', 'identity', { Condition: { StringMatches: { 'aws:username': 'a' } } }, syntax],
    ['Null with IfExists', 'identity', { Condition: { NullIfExists: { 'aws:username': 'true' } } }, syntax],
    [
      'a condition value that is an object',
      'identity',
      { Condition: { StringEquals: { 'aws:username': {} } } },
      syntax,
    ],
    [
      'a date that does not parse',
      'identity',
      { Condition: { DateLessThan: { 'aws:CurrentTime': 'soon' } } },
      legacy,
    ],
    ['a principal', 'identity', { Principal: '*' }, 'Policy document should not specify a principal.'],
    [
      'a principal',
      'boundary',
      { NotPrincipal: { AWS: '*' } },
      'Policy document should not specify a principal.',
    ],
    ['no action', 'identity', { Action: undefined }, 'Policy statement must contain actions.'],
    ['an empty list of actions', 'identity', { Action: [] }, 'Policy statement must contain actions.'],
    ['no resource', 'identity', { Resource: undefined }, 'Policy statement must contain resources.'],
    ['an empty list of resources', 'session', { Resource: [] }, 'Policy statement must contain resources.'],
    [
      'an action without its service',
      'identity',
      { Action: 'GetObject' },
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'an empty action',
      'identity',
      { Action: '' },
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'an action with two colons',
      'identity',
      { Action: 's3:Get:Object' },
      'Actions/Condition can contain only one colon.',
    ],
    ['a service with a space', 'identity', { Action: 'a a:GetObject' }, 'Vendor a a is not valid'],
    [
      'a resource that is no ARN',
      'identity',
      { Resource: 'bucket' },
      'Resource bucket must be in ARN format or "*".',
    ],
    ['an empty resource', 'identity', { Resource: '' }, 'Resource  must be in ARN format or "*".'],
    [
      'an unknown partition',
      'identity',
      { Resource: 'arn:aws2:s3:::b' },
      'Partition "aws2" is not valid for resource "arn:aws2:s3:::b".',
    ],
    [
      'a wildcard for a service',
      'identity',
      { Resource: 'arn:aws:*:::b' },
      'Resource vendor must be fully qualified and cannot contain regexes.',
    ],
    ['an ARN with five parts', 'identity', { Resource: 'arn:aws:s3::b' }, legacy],
    [
      'a region for IAM',
      'identity',
      { Resource: 'arn:aws:iam:us-east-1:111111111111:role/r' },
      'IAM resource arn:aws:iam:us-east-1:111111111111:role/r cannot contain region information.',
    ],
    [
      'a Sid with a space',
      'identity',
      { Sid: 'read it' },
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    ],
    ['a resource in trust', 'trust', { Resource: '*' }, 'Has prohibited field Resource'],
    ['no principal in trust', 'trust', { Principal: undefined }, 'Missing required field Principal'],
    ['an empty principal', 'trust', { Principal: {} }, 'Missing required field Principal cannot be empty!'],
    [
      'everyone in the short form',
      'trust',
      { Principal: '*' },
      'AssumeRolepolicy contained an invalid principal: "STAR":"*".',
    ],
    ['no action in trust', 'trust', { Action: undefined }, 'Missing required field Action'],
    [
      'an action that is not of trust',
      'trust',
      { Action: 's3:GetObject' },
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'every action of STS in trust',
      'trust',
      { Action: 'sts:*' },
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'an Allow with NotPrincipal',
      'trust',
      { Principal: undefined, NotPrincipal: { AWS: '222222222222' } },
      'Allow with NotPrincipal is not allowed.',
    ],
    [
      'a partial wildcard in a principal',
      'trust',
      { Principal: { AWS: 'arn:aws:iam::222222222222:role/*' } },
      'Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:role/*"',
    ],
    [
      'a group as a principal',
      'trust',
      { Principal: { AWS: 'arn:aws:iam::222222222222:group/g' } },
      'Invalid principal in policy: "AWS":"arn:aws:iam::222222222222:group/g"',
    ],
    [
      'an account number cut short',
      'trust',
      { Principal: { AWS: '22222222222' } },
      'Invalid principal in policy: "AWS":"22222222222"',
    ],
    ['an unknown type of principal', 'trust', { Principal: { Google: 'x' } }, syntax],
    [
      'no principal in a resource policy',
      'resource',
      { Principal: undefined },
      'Missing required field Principal',
    ],
    ['no action in a resource policy', 'resource', { Action: [] }, 'Missing required field Action'],
    [
      'no resource in a resource policy',
      'resource',
      { Resource: undefined },
      'Missing required field Resource',
    ],
  ])('%s (%s)', (_, kind, changes, message) => {
    expect(messageOf(withStatement(kind, changes), kind)).toBe(message);
  });

  it('a resource of IAM that is no path of it', () => {
    const message = messageOf(
      withStatement('identity', { Resource: 'arn:aws:iam::111111111111:r' }),
      'identity',
    );
    expect(message).toMatch(
      /^IAM resource path must either be "\*" or start with user\/, .*, access-report\/\.$/,
    );
  });

  it('two statements of one id', () => {
    const twice = (kind: PolicyKind) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { ...statements[kind], Sid: 'a' },
          { ...statements[kind], Sid: 'a' },
        ],
      });
    expect(messageOf(twice('identity'), 'identity')).toBe(
      'Statement IDs (SID) in a single policy must be unique.',
    );
    expect(messageOf(twice('trust'), 'trust')).toBe('The Statement Ids in the policy are not unique');
  });

  it('the first thing wrong, when several are', () => {
    const text = withStatement('identity', { Sid: 'a b', Action: 'x', Resource: 'y' });
    expect(messageOf(text, 'identity')).toMatch(/^Statement IDs \(SID\) must be alpha-numeric/);
  });
});
