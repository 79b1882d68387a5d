// The dashboard in a real browser on the real demo.
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openPage } from '#test/support/browser.ts'
import { type Demo, startDemo } from '#test/support/demo.ts'

let demo: Demo
let browser: Browser
beforeAll(async () => {
  ;[demo, browser] = await Promise.all([startDemo(), launchBrowser()])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})

const opened: { page: Page; complaints: string[] }[] = []
afterEach(async () => {
  for (const { page } of opened.splice(0)) await page.context().close()
})

const printer = '/machines/demo/additive/dmls/printer-1'
const phone = { viewport: { width: 360, height: 780 }, isMobile: true, hasTouch: true }
const patience = { timeout: 15_000 }

async function open(path: string, options: Parameters<typeof openPage>[2] = {}) {
  const watched = await openPage(browser, demo.url, options)
  opened.push(watched)
  await watched.page.goto(path)
  return watched
}

async function post(samples: { tag: string; time: string; value: number }[]): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${demo.url}/api/v1/samples`, { method: 'POST', headers, body: JSON.stringify(samples) })
  expect(await response.json()).toMatchObject({ accepted: samples.length })
}

const textOf = (page: Page, selector: string) => page.locator(selector).first().textContent()

test('the overview shows every machine with values that change by themselves', async () => {
  const { page, complaints } = await open('/')
  await page.getByRole('navigation', { name: 'Plant' }).getByText('Whole plant').waitFor()
  const answer = (await (await fetch(`${demo.url}/api/v1/machines`)).json()) as unknown[]
  await expect.poll(() => page.getByRole('navigation', { name: 'Plant' }).getByRole('link').count(), patience).toBe(answer.length)
  const readings = () => page.locator('article .reading').allTextContents()
  const before = await readings()
  expect(before.some((text) => /\d/.test(text))).toBe(true)
  await expect.poll(async () => (await readings()).join() !== before.join(), patience).toBe(true)
  expect(await page.title()).toContain('Overview')
  expect(complaints).toEqual([])
})

test('text, status and place narrow the overview', async () => {
  const { page } = await open('/')
  const cards = page.locator('article')
  await cards.first().waitFor()
  await page.getByLabel('Filter machines by name, path or profile').fill('printer')
  await expect.poll(() => cards.count(), patience).toBe(2)
  await page.getByLabel('Filter machines by name, path or profile').fill('no such machine')
  await page.getByText('No machine matches').waitFor()
  await page.getByRole('button', { name: /^Show all/ }).click()
  await page
    .getByRole('navigation', { name: 'Plant' })
    .getByRole('button', { name: /^additive/ })
    .click()
  await expect.poll(() => cards.count(), patience).toBe(2)
  await page
    .getByRole('button', { name: /offline/ })
    .first()
    .click()
  await page.getByText('No machine matches').waitFor()
})

test('status, place and order of the overview stand in its address', async () => {
  const { page } = await open('/')
  await page.getByRole('button', { name: /^\d+ healthy/ }).click()
  await page.waitForURL(/status=healthy/)
  await page.getByLabel('Order of the machines').selectOption('Alarms first')
  await page
    .getByRole('navigation', { name: 'Plant' })
    .getByRole('button', { name: /^additive/ })
    .click()
  await page.waitForURL(/below=demo%2Fadditive/)
  await page.reload()
  await expect.poll(() => page.locator('article').count(), patience).toBe(2)
  expect(await page.getByLabel('Order of the machines').inputValue()).toBe('urgency')
  await page.goBack()
  await page.waitForURL((url) => !url.searchParams.has('below'))
})

test('a machine in alarm says which value is beyond which limit', async () => {
  const machine = 'demo/building/climate/climate-1'
  // A source clock a little ahead keeps this the newest value for a while.
  await post([{ tag: `${machine}/temperature`, time: new Date(Date.now() + 20_000).toISOString(), value: 99 }])
  const { page } = await open(`/machines/${machine}`)
  await page
    .getByRole('list', { name: 'Why it is in alarm' })
    .getByText(/^temperature 99\.\d+ °C above \d+ °C \((very )?high\)$/)
    .waitFor()
})

test('a machine of old data says where its values are, and shows all of them', async () => {
  const machine = 'history/rig/one/valve'
  const start = Date.UTC(2020, 2, 9, 10, 14, 33)
  await post(
    Array.from({ length: 10 }, (_, tag) =>
      Array.from({ length: 20 }, (_, second) => ({
        tag: `${machine}/tag${tag}`,
        time: new Date(start + second * 1000).toISOString(),
        value: tag + second,
      })),
    ).flat(),
  )
  const { page, complaints } = await open(`/machines/${machine}`, { timezoneId: 'UTC' })
  await page.getByText('No values in this range; the newest is of 2020-03-09 10:14:52.').waitFor()
  expect(await page.locator('article').count()).toBe(8)
  expect(await page.getByRole('region', { name: 'Simulated faults' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Show the newest' }).click()
  await page.waitForURL(/to=2020-03-09/)
  await page.getByText('All', { exact: true }).click()
  await page.waitForURL(/range=all/)
  const counts = () => page.locator('section[aria-label="Statistics"] tbody td:last-child').allTextContents()
  await expect.poll(counts, patience).toEqual(Array.from({ length: 10 }, () => '20'))
  expect(await page.getByText('No values in this range').count()).toBe(0)
  expect(complaints).toEqual([])
})

test('a card leads to its machine, with live values, trend, field, statistics, readings and records', async () => {
  const { page, complaints } = await open('/')
  await page.getByRole('link', { name: 'Printer 1', exact: true }).last().click()
  await page.getByRole('heading', { name: 'Printer 1' }).waitFor()
  for (const name of ['Trend', 'Fields', 'Statistics', 'Latest readings', 'Records'])
    await page.getByRole('region', { name, exact: true }).waitFor()
  await expect.poll(() => page.title(), patience).toBe('Printer 1 · Millwright')
  const latest = () => textOf(page, 'section[aria-label="Latest readings"] tbody time')
  await expect.poll(latest, patience).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/)
  const before = await latest()
  await expect.poll(latest, patience).not.toBe(before)
  expect(complaints).toEqual([])
})

test('dragging over the trend zooms in, and Back returns', async () => {
  const { page } = await open(`${printer}?range=1h`)
  const plot = page.locator('.u-over')
  await plot.waitFor()
  await plot.scrollIntoViewIfNeeded()
  const box = await plot.boundingBox()
  if (!box) throw new Error('the trend has no place on the page')
  await page.mouse.move(box.x + box.width * 0.6, box.y + 60)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.9, box.y + 60, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/from=.*to=/)
  const search = new URL(page.url()).searchParams
  const spanMinutes = (Date.parse(search.get('to') ?? '') - Date.parse(search.get('from') ?? '')) / 60_000
  expect(spanMinutes).toBeGreaterThan(15)
  expect(spanMinutes).toBeLessThan(21)
  await page.getByRole('button', { name: 'Back', exact: true }).click()
  await page.waitForURL((url) => !url.searchParams.has('from'))
  expect(new URL(page.url()).searchParams.get('range')).toBe('1h')
})

test('an own range by its inputs is kept in the address', async () => {
  const { page } = await open(`${printer}?range=24h`)
  await page.getByText('Own', { exact: true }).click()
  await page.getByLabel(/^From/).fill('2026-01-01T00:00:00')
  await page.getByLabel(/^To/).fill('2026-01-01T06:00:00')
  await page.getByRole('button', { name: 'Show', exact: true }).click()
  await page.waitForURL(/from=2026-01-01|from=2025-12-31/)
  await page.getByText('No values in this range').waitFor()
  await page.reload()
  await page.getByText('No values in this range').waitFor()
})

test('the field is painted, tells the value under the probe, and can be scrubbed', async () => {
  const { page } = await open(printer)
  const canvas = page.locator('figure canvas')
  await canvas.waitFor()
  const colors =
    'new Set(new Uint32Array(document.querySelector("figure canvas").getContext("2d").getImageData(0,0,100,100).data.buffer)).size'
  await expect.poll(() => page.evaluate<number>(colors), patience).toBeGreaterThan(20)
  await canvas.focus()
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => textOf(page, 'figcaption'), patience).toMatch(/row \d+, column \d+ [\d.]+ °C/)
  const frameTime = () => page.getByRole('region', { name: 'Fields' }).locator('time').first().getAttribute('datetime')
  const back = page.getByRole('button', { name: 'One frame back' })
  await expect.poll(() => back.isEnabled(), patience).toBe(true)
  await back.click()
  await expect.poll(() => page.getByRole('button', { name: 'Live', exact: true }).getAttribute('aria-pressed'), patience).toBe('false')
  const earlier = await frameTime()
  await page.getByRole('button', { name: 'Live', exact: true }).click()
  await expect.poll(frameTime, patience).not.toBe(earlier)
})

test('records are walked through one by one, from the first to the last', async () => {
  const { page } = await open(printer)
  const current = () => textOf(page, 'section[aria-label="Records"] tr[aria-current="true"] td')
  await page.locator('tr[aria-current="true"]').waitFor()
  await page.getByRole('button', { name: 'First record' }).click()
  await page.getByText('the first record').waitFor()
  const first = (await current()) ?? ''
  await page.getByRole('button', { name: 'Next record' }).click()
  await expect.poll(async () => ((await current()) ?? '') > first, patience).toBe(true)
  await page.getByRole('button', { name: 'Previous record' }).click()
  await expect.poll(current, patience).toBe(first)
  await page.getByRole('button', { name: 'Last record' }).click()
  await expect.poll(async () => ((await current()) ?? '') > first, patience).toBe(true)
})

test('an injected fault appears in the ground truth', async () => {
  const { page } = await open(printer)
  const panel = page.getByRole('region', { name: 'Simulated faults' })
  await panel.getByLabel('Duration').fill('5')
  await panel.getByRole('button', { name: 'Inject fault' }).click()
  await page.getByText('Overheating injected').waitFor()
  expect(await panel.getByLabel('Fault', { exact: true }).locator('option').allTextContents()).not.toContain('Leak')
  await panel.getByLabel('Fault', { exact: true }).selectOption('Stuck sensor')
  await panel.getByLabel('Affected tag').selectOption('vibration')
  await panel.getByRole('button', { name: 'Inject fault' }).click()
  await panel.getByRole('cell', { name: 'vibration' }).first().waitFor()
  await panel
    .getByRole('cell', { name: /Overheating/ })
    .first()
    .waitFor()
})

test('devices are found and sorted', async () => {
  const { page, complaints } = await open('/devices')
  const rows = page.getByRole('table').getByRole('row')
  await expect.poll(() => rows.count(), patience).toBeGreaterThan(5)
  await page.getByRole('button', { name: 'Name' }).click()
  await page.getByRole('button', { name: 'Name' }).click()
  await expect.poll(() => page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort'), patience).toBe('descending')
  await page.getByLabel('Search devices by name, path or profile').fill('printer-2')
  await expect.poll(() => rows.count(), patience).toBe(2)
  await page.getByRole('link', { name: 'Printer 2' }).click()
  await page.getByRole('heading', { name: 'Printer 2' }).waitFor()
  expect(complaints).toEqual([])
})

test('connections tell their state and a ledger that balances', async () => {
  const { page, complaints } = await open('/connections')
  const answer = (await (await fetch(`${demo.url}/api/v1/connections`)).json()) as unknown[]
  await expect.poll(() => page.getByRole('region', { name: 'Connections' }).locator('article').count(), patience).toBe(answer.length)
  expect(await page.getByTitle('The sum does not balance').count()).toBe(0)
  await page.getByRole('region', { name: 'Gateways' }).getByRole('meter', { name: 'Outbox' }).waitFor()
  expect(complaints).toEqual([])
})

test('a lost connection is said, dims the values, and comes back by itself', async () => {
  const { page } = await openPage(browser, demo.url)
  opened.push({ page, complaints: [] })
  let cut = () => {}
  let refused = false
  await page.routeWebSocket(/\/api\/v1\/live$/, (socket) => {
    cut = () => void socket.close()
    if (refused) cut()
    else socket.connectToServer()
  })
  await page.goto('/')
  const state = page.getByRole('status').filter({ hasText: /live|reconnecting|offline since/ })
  await expect.poll(() => state.textContent(), patience).toBe('live')
  refused = true
  cut()
  await expect.poll(() => state.textContent(), patience).toMatch(/reconnecting…|offline since/)
  await expect.poll(() => page.locator('main').getAttribute('data-live'), patience).toBe('false')
  refused = false
  await expect.poll(() => state.textContent(), patience).toBe('live')
  await expect.poll(() => page.locator('main').getAttribute('data-live'), patience).toBe('true')
})

test('all times change between local time and UTC together', async () => {
  const { page } = await open('/', { timezoneId: 'Asia/Tokyo' })
  const clock = page.getByRole('button', { name: /^Times are in/ })
  await expect.poll(() => clock.textContent(), patience).toContain('local')
  await clock.click()
  await expect.poll(() => clock.textContent(), patience).toContain('UTC')
  expect(await clock.textContent()).toContain(new Date().toISOString().slice(0, 10))
})

test('an unknown machine and an unknown page say so and lead back', async () => {
  const { page } = await open('/machines/no/such/machine')
  await page.getByText('There is no such machine').waitFor()
  await page.goto('/nowhere')
  await page.getByText('There is no such page').waitFor()
  await page.getByRole('link', { name: 'Back to the overview' }).click()
  await page.locator('article').first().waitFor()
})

test.for(['/', '/devices', '/connections', printer])('%s fits a phone of 360 pixels', async (path) => {
  const { page } = await open(path, phone)
  await page.locator('main .panel, main article').first().waitFor()
  expect(await page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(0)
  await page.getByRole('button', { name: 'Open the menu' }).click()
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Connections' }).click()
  await page.getByRole('heading', { name: 'Connections' }).waitFor()
  await page.getByRole('button', { name: 'Open the menu' }).click()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Open the menu' }).waitFor()
})
