import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{cli,gen,golden,hw,sim,tools,test,bench}/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
});
