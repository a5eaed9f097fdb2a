import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // For what hangs, not for what is slow: the machine may have other work.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: true,
    // Most files wait for a sandbox more than they compute; by default a machine with two cores would run one at a time.
    maxWorkers: 4,
  },
});
