import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Each takes a minute on a busy machine: begun last, they would have the machine to themselves in the end. */
const longest = [
  'every-fault',
  'every-action',
  'package',
  'by-hand',
  'two-at-once',
  'overtaken',
  'traffic',
  'role-drift',
  'ten-thousand-roles',
  'malformed',
  'model',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      longest.some((name) => moduleId.endsWith(`/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // For what hangs, not for what is slow: the machine may have other work.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: true,
    // Files of one worker share its modules: loaded once, and warm, they save a quarter of the time. So no file may leave a global changed.
    isolate: false,
    // Most files wait for a sandbox more than they compute; by default a machine with two cores would run one at a time.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
  },
});
