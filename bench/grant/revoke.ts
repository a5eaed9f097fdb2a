/** How long it takes until a grant is proven active or dead, beyond the lag of IAM that nobody can shorten. */

import { watchLife } from '../../test/support/grant-promise.ts';
import type { Part } from '../part.ts';
import { quantile, rounded } from '../rounds.ts';

const lives = 100;
/** The same lives every time. */
const firstSeed = 20_270_101;

export const revoke: Part = {
  name: 'revoke',
  async measure({ scale, say }) {
    const count = Math.ceil(lives * scale);
    say(`revoke: ${count} grants, IAM up to 90 s late, on a clock of their own`);
    const opened: number[] = [];
    const shut: number[] = [];
    let broken = 0;
    for (let life = 0; life < count; life++) {
      const watched = await watchLife(firstSeed + life);
      broken += watched.broken.length;
      opened.push(watched.openAddedSeconds);
      if (watched.end === 'revoke') shut.push(watched.shutAddedSeconds);
    }
    const row = (title: string, seconds: readonly number[]) => [
      title,
      seconds.length,
      ...[0.5, 0.95, 1].map((share) => rounded(quantile(seconds, share), 1)),
    ];
    return {
      figures: {
        'revoke.addedSeconds.p50': rounded(quantile(shut, 0.5), 1),
        'revoke.addedSeconds.max': rounded(quantile(shut, 1), 1),
      },
      tables: [
        {
          title: 'Seconds beyond the lag of IAM',
          columns: ['from … to', 'grants', 'p50', 'p95', 'max'],
          rows: [row('created … proven active', opened), row('revoke asked … proven dead', shut)],
          note:
            `Lag from 0 to 90 s, each AWS call 5 to 60 ms. Promises broken, that is calls refused after \`active\` or let ` +
            `through after the receipt: ${broken}.`,
        },
      ],
      raw: { firstSeed, opened, shut, broken },
    };
  },
};
