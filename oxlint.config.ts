// Lint rules, and who may import whom: one line per folder below says which other folders it may name.
import { readdirSync } from 'node:fs'
import { defineConfig, type DummyRuleMap } from 'oxlint'

const layers: Record<string, string[]> = {
  core: [],
  database: ['core'],
  drivers: ['core'],
  gateway: ['core'],
  ingest: ['core'],
  store: ['core'],
  bus: ['core'],
  plant: ['core', 'database'],
  access: ['core', 'database'],
  promql: ['core'],
  reports: ['core'],
  api: ['core', 'promql', 'reports'],
  sim: ['core'],
  app: ['*'],
  cli: ['core', 'app', 'api', 'reports'],
}
const folders = Object.keys(layers)
const driverNames = readdirSync(new URL('./src/drivers', import.meta.url)).filter((name) => name !== 'shared')
const upward = { group: ['../*'], message: 'Write #folder/file.ts across folders and ./file.ts inside one.' }

/** Forbids every folder but the named ones; a folder may always name itself. */
function mayImport(own: string, allowed: string[]) {
  const forbidden = [...folders, 'web', 'bench', 'test'].filter((folder) => folder !== own && !allowed.includes(folder))
  const named = `${own} may import ${allowed.length > 0 ? allowed.map((folder) => `#${folder}`).join(', ') : 'nothing of ours'}; what else it needs, app hands in.`
  return { regex: `^#(${forbidden.join('|')})/`, message: named }
}

type Pattern = { group: string[]; message: string } | { regex: string; message: string }
const forbid = (...patterns: Pattern[]) =>
  ({ 'no-restricted-imports': ['error', { patterns: [upward, ...patterns] }] }) satisfies DummyRuleMap

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'react'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['node_modules', '/dist', '/data'],
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/no-unnecessary-condition': 'off',
    'import/no-cycle': 'error',
    'import/no-unassigned-import': 'off',
    'import/no-default-export': 'error',
    'react/react-in-jsx-scope': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'no-await-in-loop': 'off',
    'oxc/no-async-endpoint-handlers': 'off',
    'no-shadow': 'off',
    'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }],
    ...forbid(),
  },
  overrides: [
    ...Object.entries(layers)
      .filter(([, allowed]) => !allowed.includes('*'))
      .map(([folder, allowed]) => ({
        files: [`src/${folder}/**/*.ts`],
        excludeFiles: ['**/*.test.ts'],
        rules: forbid(mayImport(folder, allowed)),
      })),
    {
      files: ['src/drivers/**/*.ts'],
      excludeFiles: ['**/*.test.ts'],
      rules: forbid(mayImport('drivers', ['core']), {
        regex: `^#drivers/(${driverNames.join('|')})/`,
        message: 'A driver never names another; what two need is in #drivers/shared.',
      }),
    },
    {
      files: ['src/core/**/*.ts'],
      excludeFiles: ['**/*.test.ts'],
      rules: forbid(mayImport('core', []), { group: ['node:*'], message: 'core does no I/O: the browser loads it too.' }),
    },
    {
      files: ['web/**/*.{ts,tsx}'],
      rules: forbid(
        {
          regex: `^#(${[...folders.filter((folder) => folder !== 'core' && folder !== 'api'), 'bench', 'test'].join('|')})/`,
          message: 'web imports #core, #web and schemas of #api.',
        },
        { regex: '^#api/.*[^a]\\.ts$', message: 'of the API, web imports schema.ts files only.' },
        { group: ['node:*'], message: 'The browser has no node: modules.' },
      ),
    },
    { files: ['*.config.ts', 'web/*.config.ts', 'scripts/*-reporter.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
})
