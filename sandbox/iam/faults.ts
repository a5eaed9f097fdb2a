/** Refusals of IAM, in its codes and words (IAM API Reference, "Common errors" and each operation's "Errors"). */

import { AwsFault } from '../aws-fault.ts';

export function noSuchEntity(message: string): AwsFault {
  return new AwsFault('NoSuchEntity', 404, message);
}

export function entityAlreadyExists(message: string): AwsFault {
  return new AwsFault('EntityAlreadyExists', 409, message);
}

export function deleteConflict(message: string): AwsFault {
  return new AwsFault('DeleteConflict', 409, `Cannot delete entity, must ${message} first.`);
}

export function limitExceeded(message: string): AwsFault {
  return new AwsFault('LimitExceeded', 409, message);
}

export function quotaExceeded(name: string, quota: number): AwsFault {
  return limitExceeded(`Cannot exceed quota for ${name}: ${quota}`);
}

export function malformedPolicy(message: string): AwsFault {
  return new AwsFault('MalformedPolicyDocument', 400, message);
}

export function invalidInput(message: string): AwsFault {
  return new AwsFault('InvalidInput', 400, message);
}
