// A real Chromium for end-to-end tests. Whatever a page complains about in its console fails the test, and a failing test
// leaves a screenshot of every open page in test-results/.
import { existsSync } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'

/** Names an installed Chrome or Chromium goes by on PATH, and where macOS keeps it. */
const INSTALLED = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const MACOS = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const RESULTS = 'test-results'
/** Far over what anything here takes: it tells a page that hangs from a machine that is busy. */
const ACTION_TIMEOUT_MS = 120_000

export interface Browsers {
  /** A person with a browser of their own: no cookies, no cache shared with the others. */
  visitor(options?: BrowserContextOptions): Promise<Page>
  /** Console messages that are part of this test, such as the 404 of a link that was taken back. */
  expectConsole(pattern: RegExp): void
  /** The browser itself, for contexts this helper cannot make. */
  browser(): Browser
}

/** Starts one browser for the file and closes it afterwards; call at the top of a describe. */
export function useBrowsers(baseURL: () => string, chromiumFlags: readonly string[] = []): Browsers {
  let browser: Browser | undefined
  let current = newRecord()
  const running = () => {
    if (browser === undefined) throw new Error('The browser starts in beforeAll; ask for it inside a test')
    return browser
  }

  beforeAll(async () => {
    browser = await launch(chromiumFlags)
  })
  beforeEach(() => {
    current = newRecord()
  })
  afterEach(async ({ task }) => {
    const { pages, complaints, expected } = current
    // Before the pages close: what closing cuts off is nobody's fault.
    const said = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)))
    if (task.result?.state === 'fail' || said.length > 0) await takeScreenshots(pages, task.name)
    for (const page of pages) await page.context().close()
    expect(said, 'the pages complained in their console').toEqual([])
  })
  afterAll(() => browser?.close())

  return {
    browser: running,
    expectConsole: (pattern) => void current.expected.push(pattern),
    async visitor(options = {}) {
      // A page that outlives its test goes on complaining to that test's record.
      const record = current
      const context = await running().newContext({ baseURL: baseURL(), ...options })
      context.setDefaultTimeout(ACTION_TIMEOUT_MS)
      const page = await context.newPage()
      context.on('console', (message) => {
        if (message.type() === 'error') record.complaints.push(`${message.text()} (${message.location().url})`)
      })
      context.on('weberror', (error) => record.complaints.push(error.error().message))
      record.pages.push(page)
      return page
    },
  }
}

/** What one test opened, and what its pages said. */
function newRecord() {
  return { pages: [] as Page[], complaints: [] as string[], expected: [] as RegExp[] }
}

async function launch(flags: readonly string[]): Promise<Browser> {
  return chromium.launch(await chromiumOptions(flags))
}

/** An installed Chromium where there is one, else the one from the package. */
export async function chromiumOptions(flags: readonly string[]) {
  const installed = process.env.CHROMIUM_PATH ?? (await findInstalled())
  if (installed !== undefined) {
    // Chromium's sandbox refuses to run as root; the pages here are our own.
    return { executablePath: installed, args: [...flags, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])] }
  }
  const { default: bundled } = await import('@sparticuz/chromium')
  return { executablePath: await bundled.executablePath(), args: [...flags, '--no-sandbox'] }
}

async function findInstalled(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of INSTALLED) {
      const path = join(folder, name)
      if (
        await access(path).then(
          () => true,
          () => false,
        )
      )
        return path
    }
  }
  return existsSync(MACOS) ? MACOS : undefined
}

async function takeScreenshots(pages: readonly Page[], testName: string): Promise<void> {
  await mkdir(RESULTS, { recursive: true })
  const name = testName.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80)
  for (const [index, page] of pages.entries()) {
    // A page that crashed has no picture; the failure itself is reported all the same.
    await page.screenshot({ path: join(RESULTS, `${name}-${index + 1}.png`), fullPage: true }).catch(() => undefined)
  }
}
