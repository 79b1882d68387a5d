import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'web/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'scripts/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    // Whatever database and NATS a developer's shell names, tests keep away from them.
    env: { DATABASE_URL: '', NATS_URL: '' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
