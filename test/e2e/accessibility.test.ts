// axe on every page, in light and dark, at a desk and on a phone, with its dialogs and menus open; nothing wider than the
// screen at 320 px.
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const DESK: BrowserContextOptions = { viewport: { width: 1440, height: 900 } }
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
const NARROW: BrowserContextOptions = { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }
const PROMPT = 'a fox in the forest'
/** An open menu or list is drawn at the end of the page and hides the rest: there is no landmark for it to be in. */
const POPUP = ['region']

const VIEWS = [
  ['a desk, light', { ...DESK, colorScheme: 'light' }],
  ['a phone, dark', { ...PHONE, colorScheme: 'dark' }],
  ['the narrowest phone', { ...NARROW, colorScheme: 'light' }],
] satisfies [string, BrowserContextOptions][]

describe('accessibility', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  it.each(VIEWS)('finds nothing to object to on any page: %s', async (_name, options) => {
    browsers.expectConsole(/status of 404/)
    // Transitions end at once, so that axe never measures a colour halfway.
    const page = await browsers.visitor({ ...options, reducedMotion: 'reduce' })
    const found: string[] = []
    const look = async (what: string, without: readonly string[] = []) =>
      found.push(...(await problems(page, what, without)))

    await page.goto('/')
    await page.getByRole('button', { name: PROMPT }).waitFor()
    await look('empty Studio')
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill(PROMPT)
    await page.getByRole('button', { name: /^Generate/ }).click()
    const card = page.getByRole('article', { name: PROMPT })
    await card.getByRole('button', { name: 'Share' }).waitFor()
    await look('Studio with a picture')

    const settings = page.getByRole('button', { name: /^Settings/ })
    if (await settings.isVisible()) await settings.click()
    await page.getByRole('button', { name: 'Advanced' }).click()
    await page.getByRole('button', { name: 'Negative prompt' }).click()
    await look('settings')
    await page.getByRole('combobox', { name: 'Sampler' }).click()
    await page.getByRole('option').first().waitFor()
    await look('list of samplers', POPUP)
    await page.keyboard.press('Escape')
    await page.getByRole('option').first().waitFor({ state: 'detached' })
    const done = page.getByRole('button', { name: 'Done' })
    if (await done.isVisible()) await done.click()

    await card.getByRole('button', { name: 'More actions' }).click()
    await look('menu of a picture', POPUP)
    await page.keyboard.press('Escape')
    await card.getByRole('button', { name: 'Share' }).click()
    await page.getByRole('button', { name: 'Make link' }).click()
    const link = await page.getByRole('textbox', { name: 'Link' }).inputValue()
    await look('share dialog')

    for (const path of ['/history', '/account', '/storage', '/sign-in', '/sign-up', '/nothing-here']) {
      await page.goto(path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle').catch(() => undefined)
      await look(path)
    }
    await page.getByRole('link', { name: 'History' }).click()
    await page
      .getByRole('link', { name: /^Open: / })
      .first()
      .click()
    await page.waitForURL('**/g/*')
    await page.getByRole('link', { name: 'Download PNG' }).waitFor()
    await look('one generation')
    await page.goto(link)
    await look('share page')
    await page.goto('/i/nothing')
    await look('share page that is gone')

    expect(found).toEqual([])
  })
})

async function problems(page: Page, what: string, without: readonly string[]): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).disableRules([...without]).analyze()
  // Not window.innerWidth: a phone's grows with what does not fit.
  const screenPx = page.viewportSize()?.width ?? 0
  const overflowPx = (await page.evaluate(() => document.documentElement.scrollWidth)) - screenPx
  return [
    ...violations.map(({ id, nodes }) => `${what}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`),
    ...(overflowPx > 0 ? [`${what}: ${overflowPx} px wider than the screen`] : []),
  ]
}
