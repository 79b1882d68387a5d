import { expect, test, vi } from 'vitest'
import { Confirmations } from './confirm.ts'

function slowDisk() {
  const syncs: PromiseWithResolvers<void>[] = []
  const durable = () => {
    const sync = Promise.withResolvers<void>()
    syncs.push(sync)
    return sync.promise
  }
  return { durable, syncs }
}

test('messages of one moment share one sync, and those that come meanwhile share the next', async () => {
  const disk = slowDisk()
  const confirmations = new Confirmations(disk, 1e6)
  const confirmed: string[] = []
  const add = (name: string) => confirmations.add(10, () => confirmed.push(name))
  add('a')
  add('b')
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(1))
  add('c')
  add('d')
  expect(confirmed).toEqual([])
  disk.syncs[0]?.resolve()
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(2))
  expect(confirmed).toEqual(['a', 'b'])
  disk.syncs[1]?.resolve()
  await vi.waitFor(() => expect(confirmed).toEqual(['a', 'b', 'c', 'd']))
  add('e')
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(3))
})

test('a failed sync confirms nothing and says why; the next messages are tried again', async () => {
  const disk = slowDisk()
  const confirmations = new Confirmations(disk, 1e6)
  const outcomes: (string | undefined)[] = []
  confirmations.add(10, (error) => outcomes.push(error?.message))
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(1))
  disk.syncs[0]?.reject(new Error('the disk is full'))
  await vi.waitFor(() => expect(outcomes).toEqual(['the disk is full']))
  confirmations.add(10, (error) => outcomes.push(error?.message))
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(2))
  disk.syncs[1]?.resolve()
  await vi.waitFor(() => expect(outcomes).toEqual(['the disk is full', undefined]))
})

test('the bound is reached by bytes, and room is announced once there is some', async () => {
  const disk = slowDisk()
  const onRoom = vi.fn<() => void>()
  const confirmations = new Confirmations(disk, 2000, onRoom)
  confirmations.add(1000, () => {})
  expect(confirmations.full).toBe(false)
  confirmations.add(1000, () => {})
  expect(confirmations.full).toBe(true)
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(1))
  expect(onRoom).not.toHaveBeenCalled()
  disk.syncs[0]?.resolve()
  await vi.waitFor(() => expect(onRoom).toHaveBeenCalledOnce())
  expect(confirmations.full).toBe(false)
})

test('after a failure the disk is asked before the next message is read, once for all who ask, until it takes data again', async () => {
  const disk = slowDisk()
  const confirmations = new Confirmations(disk, 1e6)
  expect(confirmations.refusal()).toBeUndefined()
  const failed = new Promise((resolve) => confirmations.add(10, resolve))
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(1))
  disk.syncs[0]?.reject(new Error('the disk is full'))
  await failed
  const refusals = [confirmations.refusal(), confirmations.refusal()]
  expect(disk.syncs).toHaveLength(2)
  disk.syncs[1]?.reject(new Error('it is still full'))
  for (const refusal of refusals) expect(await refusal).toMatchObject({ message: 'it is still full' })
  const last = confirmations.refusal()
  disk.syncs[2]?.resolve()
  expect(await last).toBeUndefined()
  expect(confirmations.refusal()).toBeUndefined()
})
