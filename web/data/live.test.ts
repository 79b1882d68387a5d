import { expect, test } from 'vitest'
import { Live, type LiveSocketEvents } from './live.ts'

/** A Live with everything it reaches out to in hand. */
function liveByHand() {
  const sent: { type: string; tags: string[]; machines: string[] }[] = []
  const frames: (() => void)[] = []
  const later: (() => void)[] = []
  let events: LiveSocketEvents | undefined
  let nowMs = 0
  let reconnects = 0
  const run = (waiting: (() => void)[]) => {
    for (const act of waiting.splice(0)) act()
  }
  const live = new Live({
    connect: (given) => {
      events = given
      return { send: (text) => void sent.push(JSON.parse(text)), reconnect: () => void reconnects++ }
    },
    nextFrame: (act) => void frames.push(act),
    soon: (act) => void later.push(act),
    nowMs: () => nowMs,
  })
  return {
    live,
    sent,
    open: () => events?.open(),
    lose: (retryMs: number) => events?.lost(retryMs),
    receive: (message: unknown) => events?.message(typeof message === 'string' ? message : JSON.stringify(message)),
    value: (tag: string, seconds: number, value: number) =>
      events?.message(
        JSON.stringify({ type: 'values', values: [{ tag, time: `2026-01-01T00:00:0${seconds}.000000Z`, value, quality: 'good' }] }),
      ),
    frame: () => run(frames),
    frameCount: () => frames.length,
    settle: () => run(later),
    move: (ms: number) => (nowMs += ms),
    reconnects: () => reconnects,
  }
}

test('several wishes for a tag make one subscription, which ends with the last of them', () => {
  const { live, sent, open, settle } = liveByHand()
  open()
  const first = live.want({ tags: ['m/a'] })
  const second = live.want({ tags: ['m/a', 'm/b'] })
  settle()
  expect(sent).toEqual([{ type: 'subscribe', tags: ['m/a', 'm/b'], machines: [] }])
  first()
  settle()
  expect(sent).toHaveLength(1)
  second()
  settle()
  expect(sent[1]).toEqual({ type: 'unsubscribe', tags: ['m/a', 'm/b'], machines: [] })
})

test('a wish that comes and goes at once is never sent', () => {
  const { live, sent, open, settle } = liveByHand()
  open()
  live.want({ machines: ['m'] })()
  settle()
  expect(sent).toEqual([])
})

test('after a reconnect everything wanted is subscribed again, in a new generation', () => {
  const { live, sent, open, lose, settle } = liveByHand()
  open()
  live.want({ tags: ['m/a'], machines: ['n'] })
  settle()
  const { generation } = live.connection()
  lose(2000)
  expect(live.connection()).toMatchObject({ state: 'offline', retryAt: 2000 })
  open()
  expect(live.connection()).toMatchObject({ state: 'live', retryAt: null, generation: generation + 1 })
  expect(sent.at(-1)).toEqual({ type: 'subscribe', tags: ['m/a'], machines: ['n'] })
})

test('"offline since" stays the moment of the loss over all tries', () => {
  const { live, open, lose, move } = liveByHand()
  open()
  move(1000)
  lose(1000)
  move(5000)
  lose(2000)
  expect(live.connection()).toMatchObject({ since: 1000, retryAt: 8000 })
})

test('listeners hear of the newest value once per frame, and only those of its tag', () => {
  const { live, open, value, frame, frameCount } = liveByHand()
  open()
  const heard: string[] = []
  live.listen('m/a', () => heard.push(`a ${JSON.stringify(live.value('m/a')?.value)}`))
  live.listen('m/b', () => heard.push('b'))
  value('m/a', 1, 10)
  value('m/a', 2, 20)
  expect(heard).toEqual([])
  expect(frameCount()).toBe(1)
  frame()
  expect(heard).toEqual(['a 20'])
})

test('a value with an older source time does not replace a newer one', () => {
  const { live, open, value, frame } = liveByHand()
  open()
  value('m/a', 5, 50)
  frame()
  value('m/a', 3, 30)
  frame()
  expect(live.value('m/a')?.value).toBe(50)
})

test('the value of an unsubscribed tag is forgotten, so that it cannot come back stale', () => {
  const { live, open, settle, value, frame } = liveByHand()
  open()
  const unwantTag = live.want({ tags: ['m/a'] })
  live.want({ machines: ['n'] })
  settle()
  value('m/a', 1, 1)
  value('n/b', 1, 2)
  frame()
  unwantTag()
  settle()
  expect(live.value('m/a')).toBeUndefined()
  expect(live.value('n/b')?.value).toBe(2)
})

test('a pause ends the flow; going on subscribes again and begins a new generation', () => {
  const { live, sent, open, settle } = liveByHand()
  open()
  live.want({ tags: ['m/a'] })
  settle()
  const { generation } = live.connection()
  live.pause(true)
  settle()
  expect(sent.at(-1)).toEqual({ type: 'unsubscribe', tags: ['m/a'], machines: [] })
  live.pause(false)
  settle()
  expect(sent.at(-1)).toEqual({ type: 'subscribe', tags: ['m/a'], machines: [] })
  expect(live.connection().generation).toBe(generation + 1)
})

test('a complaint of the server and a message from another version are shown, not thrown', () => {
  const { live, open, receive } = liveByHand()
  open()
  receive({ type: 'error', message: 'too many subscriptions' })
  expect(live.connection().error).toBe('too many subscriptions')
  receive({ type: 'other' })
  expect(live.connection().error).toContain('reload')
  receive('not json')
  expect(live.connection().error).toContain('reload')
})

test('only a connection that has been silent becomes suspect', () => {
  const { live, open, value, move, reconnects } = liveByHand()
  open()
  value('m/a', 1, 1)
  live.suspect()
  expect(reconnects()).toBe(0)
  move(20_000)
  live.suspect()
  expect(reconnects()).toBe(1)
})
