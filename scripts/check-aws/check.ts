import { randomBytes } from 'node:crypto';
import { assumptions, look, makeRoles, type Sight } from './assumptions.ts';
import { type Aws, openTrial, type Patience } from './trial.ts';

/**
 * Looks at every assumption against one endpoint, and takes away what it made, whatever happens.
 * Throws what AWS throws when the roles cannot be made.
 * @returns the names of roles that are left
 */
export async function checkAws(
  aws: Aws,
  options: {
    readonly endpointName: string;
    readonly patience: Patience;
    readonly report: (says: string, sight: Sight) => void;
  },
): Promise<readonly string[]> {
  const { endpointName, patience, report } = options;
  const id = randomBytes(4).toString('hex');
  const trial = await openTrial(aws, { endpointName, id, patience });
  let left: readonly string[] = [];
  try {
    const stand = await makeRoles(trial, randomBytes(24).toString('base64url'));
    for (const assumption of assumptions) report(assumption.says, await look(assumption, stand));
  } finally {
    left = await trial.close();
  }
  return left;
}
