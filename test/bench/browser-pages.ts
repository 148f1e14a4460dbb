// Studio and share page as a first visitor meets them, on the built website with everything behind it: what Lighthouse calls LCP, TBT
// and CLS, taken from the browser's own observers, and the scripts that were transferred.
import type { Browser, Page } from 'playwright'
import { startTestStack } from '#test/harness/stack.ts'
import { buildWebsite } from '../../scripts/lib/prepare.mjs'
import { type Row, row } from './measure.ts'

const VISITS = 5
/** After this nothing of a page's own moves any more. */
const SETTLED_MS = 1_500

interface Visit {
  readonly lcpMs: number
  readonly tbtMs: number
  readonly cls: number
  readonly scriptBytes: number
  readonly engineRequests: number
}

export async function measurePages(browser: Browser): Promise<Row[]> {
  await buildWebsite({ quiet: true })
  const stack = await startTestStack()
  try {
    const share = await makeSharedPicture(browser, stack.url)
    const rows: Row[] = []
    for (const [name, url] of [
      ['Studio', stack.url],
      ['share page', share],
    ] as const) {
      const visits: Visit[] = []
      for (let round = 0; round < VISITS; round++) visits.push(await visit(browser, url))
      rows.push(
        row({ what: `${name}: LCP`, values: visits.map(({ lcpMs }) => lcpMs), unit: 'ms', atMost: 1200 }),
        row({ what: `${name}: TBT`, values: visits.map(({ tbtMs }) => tbtMs), unit: 'ms', atMost: 50 }),
        row({ what: `${name}: CLS`, values: visits.map(({ cls }) => cls), unit: '', atMost: 0 }),
        row({ what: `${name}: scripts`, values: visits.map(({ scriptBytes }) => scriptBytes / 1000), unit: 'kB' }),
        row({
          what: `${name}: requests for the engine`,
          values: visits.map(({ engineRequests }) => engineRequests),
          unit: '',
          atMost: 0,
        }),
      )
    }
    return rows
  } finally {
    await stack.stop()
  }
}

/** A visitor without cookies or cache. */
async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext()
  const page = await context.newPage()
  let engineRequests = 0
  context.on('request', (request) => {
    engineRequests += Number(request.url().includes('/api/engine/'))
  })
  await page.addInitScript(observe)
  await page.goto(url, { waitUntil: 'load' })
  await page.waitForTimeout(SETTLED_MS)
  const seen = await page.evaluate(() => {
    const { lcp, blocking, shift } = (window as unknown as { vitals: Vitals }).vitals
    const scripts = performance.getEntriesByType('resource').filter((entry) => /\.js(\?|$)/.test(entry.name))
    const scriptBytes = scripts.reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).transferSize, 0)
    return { lcpMs: lcp, tbtMs: blocking, cls: shift, scriptBytes }
  })
  await context.close()
  return { ...seen, engineRequests }
}

interface Vitals {
  lcp: number
  blocking: number
  shift: number
}

/** Runs in the page before anything of its own. */
function observe(): void {
  const vitals: Vitals = { lcp: 0, blocking: 0, shift: 0 }
  Object.assign(window, { vitals })
  const on = (type: string, see: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true })
  on('largest-contentful-paint', ({ startTime }) => {
    vitals.lcp = startTime
  })
  // What is over 50 ms of a task keeps a finger waiting.
  on('longtask', ({ duration }) => {
    vitals.blocking += duration - 50
  })
  on('layout-shift', (entry) => {
    const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean }
    if (!hadRecentInput) vitals.shift += value
  })
}

async function makeSharedPicture(browser: Browser, url: string): Promise<string> {
  const context = await browser.newContext({ baseURL: url })
  try {
    const page: Page = await context.newPage()
    await page.goto('/')
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('a fox in the forest')
    await page.getByRole('button', { name: /^Generate/ }).click()
    const card = page.getByRole('article').first()
    await card.getByRole('button', { name: 'Share' }).click({ timeout: 120_000 })
    await page.getByRole('button', { name: 'Make link' }).click()
    return await page.getByRole('textbox', { name: 'Link' }).inputValue()
  } finally {
    await context.close()
  }
}
