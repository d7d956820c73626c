import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    setupFiles: ['test/fixed-seed.ts'],
    pool: 'threads',
    testTimeout: 30_000,
  },
});
