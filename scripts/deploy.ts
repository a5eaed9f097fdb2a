/** `npm run deploy -- --param account=parent|child …`: serverless deploy, with the user's own AWS settings. */

import { runServerless } from './serverless.ts';

const args = process.argv.slice(2);
if (args.some((arg) => /^(--param=)?account=(parent|child)$/.test(arg))) {
  const { code } = await runServerless(['deploy', ...args], { env: process.env, output: 'shown' });
  process.exitCode = code ?? 1;
} else {
  console.error(
    'Sharemaker: say whose stack it is, with credentials of that account:\n' +
      '  npm run deploy -- --param account=parent\n' +
      '  npm run deploy -- --param account=child',
  );
  process.exitCode = 2;
}
