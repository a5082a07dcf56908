import { defineConfig } from 'vitest/config';

/** `npm run deploy:check`: what of deploy/ takes tools of the system and some seconds each. */
export default defineConfig({
  test: {
    include: ['test/deploy/**/*.deploy.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
