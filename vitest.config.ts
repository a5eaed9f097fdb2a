import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    fileParallelism: true,
    // Most files wait for a sandbox more than they compute; by default a machine with two cores would run one at a time.
    maxWorkers: 4,
  },
});
