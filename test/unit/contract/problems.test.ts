import { describe, expect, it } from 'vitest';
import { Problem, type ProblemCode, problemBody, problems } from '../../../lib/contract/problems.ts';

const request = { path: '/grants/x', requestId: 'r-1' };

describe.each(Object.entries(problems))('%s', (code, { status, title, remedy }) => {
  it('is named noun.reason, and answered with an error status', () => {
    expect(code).toMatch(/^[a-z]+(\.[a-z_]+)+$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  });

  it('is a phrase for people, with a sentence on what to do', () => {
    expect(title).toMatch(/^[A-Z][^.]+$/);
    expect(remedy).toMatch(/^[A-Z].+\.$/);
  });
});

describe('a problem', () => {
  const problem = new Problem('grant.ended', 'Grant x is revoked.', {
    evidence: { externalId: 'a-secret-for-tests' },
    cause: new Error('a-secret-for-tests'),
  });

  it('is answered as RFC 9457 has it', () => {
    expect(problemBody(problem, request)).toEqual({
      type: 'urn:sharemaker:problem:grant.ended',
      title: problems['grant.ended'].title,
      status: 409,
      detail: 'Grant x is revoked.',
      instance: '/grants/x',
      code: 'grant.ended',
      remedy: problems['grant.ended'].remedy,
      requestId: 'r-1',
    });
  });

  it('keeps evidence and cause from the caller', () => {
    expect(JSON.stringify(problemBody(problem, request))).not.toContain('a-secret');
    expect(problem.message).toBe('grant.ended: Grant x is revoked.');
  });

  it('names wrong fields where there are any', () => {
    const errors = [{ pointer: '/modes', message: 'must name each mode once' }];
    const wrong = new Problem('request.invalid' satisfies ProblemCode, 'x', { errors });
    expect(problemBody(wrong, request).errors).toEqual(errors);
    expect(problemBody(problem, request)).not.toHaveProperty('errors');
  });
});
