import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { drivers } from '#app/drivers.ts'
import { packageFolder, profilesFolderDefault } from '#app/package-folder.ts'
import { loadPlant } from './load.ts'

test('the plant file of the guide is accepted as it stands', async () => {
  const guide = await readFile(join(packageFolder, 'docs', 'guides', 'plant-file.md'), 'utf8')
  const folder = await mkdtemp(join(tmpdir(), 'guide-'))
  try {
    const file = join(folder, 'plant.yaml')
    await writeFile(file, /```yaml\n([^]*?)```/.exec(guide)?.[1] ?? '')
    const plant = await loadPlant({ file, profilesFolder: profilesFolderDefault, drivers })
    expect(plant.connections.map(({ settings }) => settings['port'] ?? settings['url'])).toEqual([502, 'mqtt://192.0.2.20:1883'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
