import { describe, expect, it } from 'vitest';
import { differences, sameMeaning } from '../../../lib/audit/documents.ts';
import { readDocument, readEncoded } from '../../../lib/audit/policy-language.ts';

const read = (document: unknown) => {
  const found = readDocument(document);
  if (!found) throw new Error('Not a document.');
  return found;
};

const statement = {
  Sid: 'Child',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::222222222222:root' },
  Action: 'sts:AssumeRole',
  Condition: {
    StringEquals: { 'sts:ExternalId': 'secret-of-the-grant' },
    DateLessThan: { 'aws:CurrentTime': '2027-01-01T00:00:00.000Z' },
  },
};
const documentOf = (...statements: unknown[]) => ({ Version: '2012-10-17', Statement: statements });
const base = documentOf(statement);

describe('says the same', () => {
  const same: Readonly<Record<string, unknown>> = {
    'keys in another order': {
      Statement: [Object.fromEntries(Object.entries(statement).reverse())],
      Version: '2012-10-17',
    },
    'one statement instead of a list of one': { Version: '2012-10-17', Statement: statement },
    'lists of one instead of strings': documentOf({
      ...statement,
      Action: ['sts:AssumeRole'],
      Principal: { AWS: ['arn:aws:iam::222222222222:root'] },
    }),
    'an account id instead of its root': documentOf({ ...statement, Principal: { AWS: '222222222222' } }),
    'another name, or none': documentOf({ ...statement, Sid: '' }),
    'actions and keys in another case': documentOf({
      ...statement,
      Action: 'STS:assumerole',
      Condition: {
        DateLessThan: { 'AWS:CurrentTime': '2027-01-01T00:00:00Z' },
        StringEquals: { 'STS:externalid': ['secret-of-the-grant'] },
      },
    }),
    'the date as epoch seconds': documentOf({
      ...statement,
      Condition: { ...statement.Condition, DateLessThan: { 'aws:CurrentTime': '1798761600' } },
    }),
    'a statement twice': documentOf(statement, statement),
  };
  for (const [title, document] of Object.entries(same))
    it(title, () => {
      expect(sameMeaning(read(base), read(document))).toBe(true);
      expect(differences(read(base), read(document), new Map())).toEqual([]);
    });

  it('a set of values in another order', () => {
    const of = (...values: string[]) =>
      read(documentOf({ ...statement, Condition: { IpAddress: { 'aws:SourceIp': values } } }));
    expect(sameMeaning(of('10.0.0.0/8', '192.168.0.0/16'), of('192.168.0.0/16', '10.0.0.0/8'))).toBe(true);
  });

  it('anybody, in both spellings', () => {
    expect(
      sameMeaning(
        read(documentOf({ ...statement, Principal: '*' })),
        read(documentOf({ ...statement, Principal: { AWS: '*' } })),
      ),
    ).toBe(true);
  });
});

describe('says something else', () => {
  const others: Readonly<Record<string, unknown>> = {
    'another effect': documentOf({ ...statement, Effect: 'Deny' }),
    'another account': documentOf({ ...statement, Principal: { AWS: '333333333333' } }),
    'the other principals': documentOf({
      ...statement,
      Principal: undefined,
      NotPrincipal: statement.Principal,
    }),
    'the other actions': documentOf({ ...statement, Action: undefined, NotAction: 'sts:AssumeRole' }),
    'another date by one second': documentOf({
      ...statement,
      Condition: { ...statement.Condition, DateLessThan: { 'aws:CurrentTime': '2027-01-01T00:00:01Z' } },
    }),
    'a condition that passes without its key': documentOf({
      ...statement,
      Condition: { StringEqualsIfExists: { 'sts:ExternalId': 'secret-of-the-grant' } },
    }),
    'a resource in another case': documentOf({ ...statement, Resource: 'arn:aws:s3:::A' }),
    'another version, which has no variables': { ...base, Version: '2008-10-17' },
    'no version': { Statement: [statement] },
    'no statement': { Version: '2012-10-17', Statement: [] },
  };
  for (const [title, document] of Object.entries(others))
    it(title, () => {
      expect(sameMeaning(read(base), read(document))).toBe(false);
      expect(differences(read(base), read(document), new Map())).not.toEqual([]);
    });
});

describe('differences', () => {
  it('name the statement, what is missing and what is too much', () => {
    const found = documentOf({
      ...statement,
      Principal: { AWS: ['222222222222', '333333333333'] },
      Condition: {},
    });
    expect(
      differences(read(base), read(found), new Map([['secret-of-the-grant', "(the grant's external id)"]])),
    ).toEqual([
      'Statement Child:',
      '  - Condition DateLessThan aws:currenttime 2027-01-01T00:00:00.000Z',
      "  - Condition StringEquals sts:externalid (the grant's external id)",
      '  + Principal AWS:333333333333',
    ]);
  });

  it('say which statements are gone and which were added', () => {
    const open = { Sid: 'Open', Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' };
    const lines = differences(read(base), read(documentOf(statement, open)), new Map());
    expect(lines[0]).toBe('Statement Open was added:');
    expect(differences(read(documentOf(statement, open)), read(base), new Map())[0]).toBe(
      'Statement Open is gone:',
    );
  });

  it('never show an external id, known or not', () => {
    const other = {
      ...statement,
      Condition: { StringEquals: { 'sts:ExternalId': 'somebody-elses-secret' } },
    };
    const lines = differences(
      read(base),
      read(documentOf(other)),
      new Map([['secret-of-the-grant', '(ours)']]),
    );
    expect(lines).toContain('  + Condition StringEquals sts:externalid (another external id)');
    expect(lines.join()).not.toMatch(/secret/);
  });
});

describe('reading', () => {
  it("decodes what IAM's API answers", () => {
    const encoded = encodeURIComponent(JSON.stringify(base));
    expect(readEncoded(encoded)).toEqual(readDocument(base));
  });

  it('answers nothing for what is no document', () => {
    for (const text of [undefined, '', '%', 'null', '%5B%5D', '{"Statement":["x"]}'])
      expect(readEncoded(text)).toBeUndefined();
  });
});
