// The Studio as people use it: keyboard only, across reloads and tabs, from their own picture, with second thoughts.
import type { Page } from 'playwright'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyRequest, clientOf } from '#test/harness/api-client.ts'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const promptBox = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true })
const cardOf = (page: Page, prompt: string) => page.getByRole('article', { name: prompt })
const finished = (page: Page, prompt: string) =>
  cardOf(page, prompt).getByRole('button', { name: 'More actions' }).first().waitFor()

async function generate(page: Page, prompt: string): Promise<void> {
  await promptBox(page).fill(prompt)
  await page.getByRole('button', { name: /^Generate/ }).click()
}

/** Long enough that something can happen in the middle of it. */
async function makeItSlow(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Advanced' }).click()
  await page.getByRole('textbox', { name: 'Steps' }).fill('150')
  await page.keyboard.press('Tab')
  await page.getByRole('radio', { name: '4 pictures' }).click()
}

describe('the Studio', () => {
  let stack: TestStack
  beforeAll(async () => {
    // One guest makes more than a day's worth here.
    stack = await startE2eStack({ env: { GUEST_DAILY_IMAGES: '100' } })
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  it('goes from an empty page to a shared link without a mouse', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await page.getByRole('button', { name: 'a fox in the forest' }).waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content')
    await page.keyboard.press('/')
    await page.keyboard.type('an octopus underwater')
    await page.keyboard.press('Control+Enter')
    await finished(page, 'an octopus underwater')

    await cardOf(page, 'an octopus underwater').getByRole('button', { name: 'Share' }).focus()
    await page.keyboard.press('Enter')
    const make = page.getByRole('button', { name: 'Make link' })
    await make.waitFor()
    for (let presses = 0; presses < 5 && !(await isFocused(make)); presses += 1) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Link' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('textbox', { name: 'Link' }).waitFor({ state: 'detached' })
    // Focus is back where the dialog was opened from.
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Show link')

    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  })

  it('keeps the draft over a reload, in a second tab, and over signing up', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).fill('two cats next to a cake')
    await page.getByRole('radio', { name: '3 pictures' }).click()
    await page.getByRole('button', { name: 'Negative prompt' }).click()
    await page.getByRole('textbox', { name: 'Negative prompt' }).fill('rain')
    await page.reload()
    await expect.poll(() => promptBox(page).inputValue()).toBe('two cats next to a cake')
    expect(await page.getByRole('textbox', { name: 'Negative prompt' }).inputValue()).toBe('rain')
    expect(await page.getByRole('radio', { name: '3 pictures' }).getAttribute('aria-checked')).toBe('true')

    const second = await page.context().newPage()
    await second.goto('/')
    await expect.poll(() => promptBox(second).inputValue()).toBe('two cats next to a cake')

    await signUp(page)
    await expect.poll(() => promptBox(page).inputValue()).toBe('two cats next to a cake')
  })

  it('moves a guest’s pictures to the account they create', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await generate(page, 'a penguin on top of a mountain')
    await finished(page, 'a penguin on top of a mountain')
    await signUp(page)
    await finished(page, 'a penguin on top of a mountain')
    await page.goto('/account')
    await page.getByText('Ana', { exact: true }).waitFor()
    await page.getByText('This device').waitFor()
  })

  it('shows real steps, goes on after a reload in the middle, and stops when told to', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await makeItSlow(page)
    await generate(page, 'a rocket in space')
    const card = cardOf(page, 'a rocket in space')
    const step = card.getByText(/^Step \d+ of 150$/).first()
    await step.waitFor()
    // The canvas holds the latents of the step, not an empty frame.
    await expect.poll(() => card.locator('canvas').first().evaluate(colours)).toBeGreaterThan(20)
    await page.reload()
    await step.waitFor()
    await card.locator('canvas').first().waitFor()
    const stop = card.getByRole('button', { name: 'Stop all' })
    if (await stop.isVisible()) await stop.click()
    else await page.keyboard.press('Escape')
    await card.getByText(/stopped\. Nothing was charged/).waitFor()
    await card.getByRole('button', { name: 'Remix' }).waitFor()
  })

  it('moves nothing when a picture is done', async () => {
    const page = await browsers.visitor({ viewport: { width: 1440, height: 900 } })
    await page.goto('/')
    await generate(page, 'a fox in the city')
    await finished(page, 'a fox in the city')
    await page.reload()
    await finished(page, 'a fox in the city')
    const older = cardOf(page, 'a fox in the city')
    await generate(page, 'a cat in the snow')
    const frame = cardOf(page, 'a cat in the snow')
    await frame.waitFor()
    const before = await older.boundingBox()
    await finished(page, 'a cat in the snow')
    await frame.getByRole('img', { name: 'a cat in the snow' }).waitFor()
    expect((await older.boundingBox())?.y).toBe(before?.y)
  })

  it('starts from a picture that is dropped on the page, and says what is wrong with a file that is none', async () => {
    browsers.expectConsole(/status of 400/)
    const page = await browsers.visitor()
    await page.goto('/')
    const blue = { width: 300, height: 200, channels: 3, background: '#2060c0' } as const
    const png = await sharp({ create: blue }).png().toBuffer()
    await drop(page, png, 'blue.png')
    await page.getByText('300 × 200, fitted to the shape').waitFor()
    await page.getByRole('slider', { name: 'Strength' }).waitFor()
    await generate(page, 'a fox in the forest')
    await finished(page, 'a fox in the forest')
    // Survives a reload with the rest of the draft.
    await page.reload()
    await page.getByText('300 × 200, fitted to the shape').waitFor()

    await drop(page, Buffer.from('hello'), 'fake.png')
    await page.getByText('That file could not be read as a picture.').waitFor()
    await page.getByText('300 × 200, fitted to the shape').waitFor()
  })

  it('deletes with a way back, here and in History', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await generate(page, 'a cake in the desert')
    await finished(page, 'a cake in the desert')
    const card = cardOf(page, 'a cake in the desert')
    await card.getByRole('button', { name: 'Delete' }).click()
    await card.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await card.waitFor()
    await card.getByRole('button', { name: 'Delete' }).click()
    await card.waitFor({ state: 'detached' })
    await page.goto('/history')
    await page.getByText('Nothing here yet').waitFor()
  })

  it('loads History further while it is scrolled, and says where it ends', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await generate(page, 'a fox in the snow')
    await finished(page, 'a fox in the snow')
    // More than one page of the list, without waiting for a worker.
    const person = await clientOf(page)
    for (let made = 0; made < 26; made += 1) {
      const { id } = await person.api.generation.create.mutate(await anyRequest(person))
      await person.api.generation.cancel.mutate({ id })
    }
    await page.goto('/history')
    const first = page.getByRole('listitem').first()
    await first.waitFor()
    await expect
      .poll(async () => {
        await page.mouse.wheel(0, 4_000)
        return page.getByText('That is everything.').isVisible()
      })
      .toBe(true)
    await page.getByRole('link', { name: 'Open: a fox in the snow' }).last().waitFor()
  })

  it('says when the connection is lost, and stops saying it when it is back', async () => {
    browsers.expectConsole(/ERR_FAILED/)
    const page = await browsers.visitor()
    await page.goto('/')
    await generate(page, 'a cat in space')
    await finished(page, 'a cat in space')
    await page.route('**/generation.events**', (route) => route.abort())
    await page.reload()
    await page.getByText(/^Connection lost/).waitFor()
    await page.unroute('**/generation.events**')
    await page.getByText(/^Connection lost/).waitFor({ state: 'detached' })
  })

  it('lets go of the server while nobody looks at the tab, and catches up when somebody does', async () => {
    const page = await browsers.visitor()
    await page.clock.install()
    await page.goto('/')
    await generate(page, 'a rocket in the desert')
    await finished(page, 'a rocket in the desert')
    const letGo = page.waitForEvent('requestfailed', (request) => request.url().includes('generation.events'))
    await setVisibility(page, 'hidden')
    await page.clock.fastForward('00:20')
    await letGo

    const second = await page.context().newPage()
    await second.goto('/')
    await generate(second, 'a dog in the city')
    await finished(second, 'a dog in the city')
    expect(await cardOf(page, 'a dog in the city').count()).toBe(0)
    await setVisibility(page, 'visible')
    await finished(page, 'a dog in the city')
  })

  it('takes the settings of a picture over, with a way back', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await generate(page, 'a dog in the meadow')
    await finished(page, 'a dog in the meadow')
    await promptBox(page).fill('something of my own')
    const card = cardOf(page, 'a dog in the meadow')
    await card.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Reuse everything' }).click()
    await expect.poll(() => promptBox(page).inputValue()).toBe('a dog in the meadow')
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => promptBox(page).inputValue()).toBe('something of my own')
  })

  it('asks for words before anything else', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await page.getByRole('button', { name: 'a fox in the forest' }).waitFor()
    await page.getByRole('button', { name: /^Generate/ }).click()
    await page.getByText('Write what you want to see first.').waitFor()
    expect(await isFocused(promptBox(page))).toBe(true)
  })

  it('follows the chosen theme from the first paint on', async () => {
    const page = await browsers.visitor({ colorScheme: 'light' })
    await page.goto('/')
    const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await background()
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemradio', { name: 'Dark' }).click()
    await expect.poll(background).not.toBe(light)
    const dark = await background()
    await page.reload({ waitUntil: 'commit' })
    await page.locator('header').waitFor()
    expect(await background()).toBe(dark)
  })
})

async function setVisibility(page: Page, state: 'hidden' | 'visible'): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
}

const isFocused = (locator: ReturnType<Page['locator']>): Promise<boolean> =>
  locator.evaluate((element) => element === document.activeElement)

/** How many different colours a canvas shows. */
function colours(canvas: Element): number {
  if (!(canvas instanceof HTMLCanvasElement)) return 0
  const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
  const seen = new Set<number>()
  for (let at = 0; at < data.length; at += 4 * 97)
    seen.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0))
  return seen.size
}

async function drop(page: Page, bytes: Buffer, name: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ base64, fileName }) => {
      const data = new DataTransfer()
      const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
      data.items.add(new File([content], fileName, { type: 'image/png' }))
      return data
    },
    { base64: bytes.toString('base64'), fileName: name },
  )
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer })
}

async function signUp(page: Page): Promise<void> {
  await page.goto('/sign-up')
  await page.getByLabel('Name').fill('Ana')
  await page.getByLabel('Email').fill(`ana-${crypto.randomUUID()}@example.com`)
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL((url) => url.pathname === '/')
}
