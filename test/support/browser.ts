// A real browser for tests of the dashboard, which notices what a page must never do.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { requireTool } from './tool.ts'

const browserArguments =
  '--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --disable-gpu'

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: requireTool('chromium', 'chromium'), args: browserArguments.split(' ') })

export interface WatchedPage {
  readonly page: Page
  /** Errors of the page, and requests to any other host than the server's. */
  readonly complaints: string[]
}

/** A page of its own session, without memory of earlier ones. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: url, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const { host } = new URL(url)
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const asked = new URL(request.url())
    if (asked.protocol.startsWith('http') && asked.host !== host) complaints.push(`request to ${request.url()}`)
  })
  return { page, complaints }
}
