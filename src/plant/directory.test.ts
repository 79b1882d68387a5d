import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { batchOf } from '#core/batch.ts'
import { plantSchema, type Plant } from '#core/plant.ts'
import { profileSchema } from '#core/profile.ts'
import { openDatabase, type Database } from '#database/open.ts'
import { createMemoryStore } from '#store/memory/memory-store.ts'
import { databaseKinds, startDatabases, type Databases } from '#test/support/databases.ts'
import { openDirectory, tagsMax } from './directory.ts'

const profile = profileSchema.parse({ profile: 'pump', title: 'Pump', tags: { speed: { unit: 'rpm' }, on: { kind: 'boolean' } } })
const plant: Plant = {
  ...plantSchema.parse({
    plant: 'p',
    machines: [{ path: 's/pump', profile: 'pump' }],
    connections: [
      { name: 'whole', driver: 'd', machines: ['s/pump'] },
      { name: 'single', driver: 'd', tags: { 's/pump/level': {}, 's/pump/speed': {} } },
    ],
  }),
  profiles: new Map([['pump', profile]]),
}
const empty: Plant = { ...plantSchema.parse({ plant: 'p' }), profiles: new Map() }

describe.each(databaseKinds)('with %s', (kind) => {
  let databases: Databases
  let database: Database
  let failures: string[]
  beforeAll(async () => void (databases = await startDatabases(kind)))
  afterAll(() => databases[Symbol.asyncDispose]())
  beforeEach(async () => {
    database = await openDatabase(await databases.place())
    failures = []
  })
  afterEach(() => database.destroy())

  const open = (store = createMemoryStore(), of = plant) =>
    openDirectory(of, database, store, (error) => void failures.push((error as Error).message))

  test('a tag that has samples keeps their kind, whatever a profile says later', async () => {
    const store = createMemoryStore()
    await store.append([{ batch: batchOf([{ tag: 's/pump/on', time: 1, value: 5 }]) }])
    const directory = await open(store)
    expect(directory.tag('s/pump/on')).toMatchObject({ kind: 'number', definition: { kind: 'boolean' } })
    expect(directory.tag('s/pump/speed')?.kind).toBe('number')
  })

  test('a machine names the connections that read it, as a whole or single tags of it', async () => {
    expect((await open()).machine('s/pump')?.connections).toEqual(['whole', 'single'])
  })

  test('machines and profiles of gateways are there again after a restart; a profile that no longer fits is left out and said', async () => {
    const directory = await open(createMemoryStore(), empty)
    const connections = [{ name: 'far', driver: 'd', machines: ['s/pump'] }]
    for (let time = 0; time < 2; time++) await directory.merge({ version: '1', machines: plant.machines, profiles: [profile], connections })
    expect(directory.machine('s/pump')?.connections).toEqual(['far'])
    directory.observe('s/other/x', 'text')
    await database.insertInto('profile').values({ name: 'old', definition: '{"wheels":4}' }).execute()
    const again = await open(createMemoryStore(), empty)
    expect(again.machine('s/pump')?.profile?.title).toBe('Pump')
    expect(again.machine('s/other')?.name).toBe('other')
    expect(failures).toEqual([expect.stringContaining('profile "old"')])
  })

  test('a tag is forgotten unless a profile declares it, and so is its machine with the last one, also after a restart', async () => {
    const directory = await open()
    for (const path of ['s/other/x', 's/other/y', 's/pump/level', 's/pump/on']) directory.observe(path, 'number')
    for (const path of ['s/other/x', 's/pump/level', 's/pump/on', 's/none/x']) directory.forget(path)
    expect([...directory.machines()].flatMap(({ path }) => [...directory.tags(path)].map((tag) => tag.path))).toEqual([
      's/pump/speed',
      's/pump/on',
      's/other/y',
    ])
    directory.forget('s/other/y')
    expect(directory.machine('s/other')).toBeUndefined()
    await vi.waitFor(async () => expect(await database.selectFrom('machine').selectAll().execute()).toEqual([]))
    directory.observe('s/other/x', 'text')
    expect(directory.tag('s/other/x')?.kind).toBe('text')
    expect(failures).toEqual([])
  })

  test('two processes on one database share what they learn of machines, profiles and tags, and forget it together', async () => {
    const store = createMemoryStore()
    const [one, other] = [await open(store, empty), await open(store, empty)]
    await one.merge({ version: '1', machines: plant.machines, profiles: [profile], connections: [] })
    one.observe('s/new/x', 'number')
    // The other sees samples of the pump before it hears what it is; that must not undo what the first has kept.
    other.observe('s/pump/level', 'number')
    await vi.waitFor(async () => {
      await other.refresh()
      expect(other.machine('s/pump')?.profile?.title).toBe('Pump')
      expect(other.machine('s/new')?.name).toBe('new')
    })
    expect([...other.tags('s/pump')].map(({ path }) => path)).toEqual(['s/pump/speed', 's/pump/on', 's/pump/level'])
    const changed = { ...profile, title: 'Better pump' }
    await one.merge({ version: '1', machines: plant.machines, profiles: [changed], connections: [] })
    await other.refresh()
    expect(other.machine('s/pump')?.profile?.title).toBe('Better pump')

    await store.append([{ batch: batchOf([{ tag: 's/new/x', time: 1, value: 5 }]) }])
    await other.refresh()
    expect(other.tag('s/new/x')?.kind).toBe('number')
    one.forget('s/new/x')
    await store.remove('s/new/x')
    await vi.waitFor(async () => {
      await other.refresh()
      expect(other.machine('s/new')).toBeUndefined()
    })
    expect(failures).toEqual([])
  })

  test('a tag that two processes took for different kinds has the kind of the store', async () => {
    const store = createMemoryStore()
    const directory = await open(store, empty)
    directory.observe('s/new/x', 'text')
    await store.append([{ batch: batchOf([{ tag: 's/new/x', time: 1, value: 5 }]) }])
    await directory.refresh()
    expect(directory.tag('s/new/x')?.kind).toBe('number')
    directory.settle('s/new/x', 'boolean')
    expect(directory.tag('s/new/x')?.kind).toBe('boolean')
  })

  test('a full directory refuses a new name in plain words, and still opens', async () => {
    const store = createMemoryStore()
    const paths = Array.from({ length: tagsMax }, (_, index) => ({ path: `m/${index}`, kind: 'number' as const }))
    const directory = await open({ ...store, tags: () => paths })
    expect(() => directory.observe('m/new', 'number')).toThrow(/there are 200000 tags already; "m\/new" would be one too many/)
    expect(directory.tag('m/0')).toBeDefined()
  })
})
