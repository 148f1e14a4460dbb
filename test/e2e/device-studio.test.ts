// Pictures made on the visitor's own device, as people meet them: the real engine and model, in a real Chromium.
import { setTimeout as sleep } from 'node:timers/promises'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const promptBox = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true })
const cardOf = (page: Page, prompt: string) => page.getByRole('article', { name: prompt })
const deviceCard = (page: Page, prompt: string) => page.locator('article[data-kept=browser]', { hasText: prompt })
const savedCard = (page: Page, prompt: string) => page.locator('article[data-kept=history]', { hasText: prompt })

async function chooseDevice(page: Page): Promise<void> {
  await page.getByRole('radio', { name: 'This device' }).click()
}

async function generate(page: Page, prompt: string): Promise<void> {
  await promptBox(page).fill(prompt)
  await page.getByRole('button', { name: /^Generate/ }).click()
}

/** Few steps: what is tested here is not the model. */
async function takeSteps(page: Page, steps: number): Promise<void> {
  await page.getByRole('button', { name: 'Advanced' }).click()
  await page.getByRole('textbox', { name: 'Steps' }).fill(String(steps))
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Advanced' }).click()
}

async function agreeToDownload(page: Page, prompt: string): Promise<void> {
  const card = deviceCard(page, prompt)
  await card.getByText(/^The model comes first: [\d.]+ MB, once$/).waitFor()
  await card.getByRole('button', { name: /^Download/ }).click()
}

const onlyHere = (page: Page, prompt: string) => deviceCard(page, prompt).getByText('Only in this browser').waitFor()

/** Waits until the engine's files and the pages are kept. */
async function isReadyForOffline(page: Page): Promise<void> {
  await expect
    .poll(() =>
      page.evaluate(async () => {
        const names = await caches.keys()
        const lasting = await caches.open('dewpoint-lasting')
        const urls = (await lasting.keys()).map(({ url }) => url)
        return names.some((name) => name.startsWith('dewpoint-program-')) && urls.some((url) => url.endsWith('.wasm'))
      }),
    )
    .toBe(true)
}

async function signUp(page: Page): Promise<void> {
  await page.goto('/sign-up')
  await page.getByLabel('Name').fill('Ana')
  await page.getByLabel('Email').fill(`ana-${crypto.randomUUID()}@example.com`)
  await page.getByLabel('Password').fill('correct horse battery')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL((url) => url.pathname === '/')
}

describe('pictures made on this device', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  /** Every procedure a page called, and every body it sent: a prompt must be in none. */
  function watchRequests(page: Page): { readonly sent: string[] } {
    const sent: string[] = []
    page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
    return { sent }
  }

  it('says what it downloads, forms the picture step by step, and sends nothing of it anywhere', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await takeSteps(page, 12)
    const { sent } = watchRequests(page)
    await chooseDevice(page)
    await generate(page, 'a fox in the forest')
    const card = deviceCard(page, 'a fox in the forest')
    // Before anything is transferred.
    await card.getByText(/^The model comes first/).waitFor()
    expect(sent.filter((one) => one.includes('.onnx'))).toEqual([])
    await agreeToDownload(page, 'a fox in the forest')
    await card.getByText(/^Step \d+ of 12$/).waitFor()
    await expect.poll(() => page.title()).toMatch(/^\d+\/12 · Dewpoint$/)
    await onlyHere(page, 'a fox in the forest')
    await expect.poll(() => page.title()).toBe('Dewpoint')
    const picture = card.getByRole('img', { name: 'a fox in the forest' })
    await expect.poll(() => picture.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(256)
    expect(sent.filter((one) => one.includes('fox'))).toEqual([])

    // It survives a reload, has a page, and stands in History.
    await page.reload()
    await onlyHere(page, 'a fox in the forest')
    await page.goto('/history')
    await page.getByRole('listitem').getByText('On this device').waitFor()
    await page.getByRole('link', { name: 'Open: a fox in the forest' }).click()
    await page.getByText('your device', { exact: true }).waitFor()

    // The second picture transfers no weight.
    await page.goto('/')
    const again = watchRequests(page)
    await generate(page, 'a cat in the snow')
    await onlyHere(page, 'a cat in the snow')
    expect(again.sent.filter((one) => one.includes('.onnx'))).toEqual([])
    // Once measured, the estimate is a number.
    await page
      .getByRole('radio', { name: 'This device' })
      .and(page.getByRole('radio', { checked: true }))
      .waitFor()
    await page.getByText(/^about \d+ s$/).waitFor()

    // Signing up and choosing to keep them saves both, in order, and only then.
    await signUp(page)
    await page.getByText('2 pictures are only in this browser.').waitFor()
    await page.getByRole('button', { name: 'Save 2 pictures' }).click()
    await savedCard(page, 'a fox in the forest').waitFor()
    await savedCard(page, 'a cat in the snow').waitFor()
    expect(await page.locator('article').first().getAttribute('aria-label')).toBe('a cat in the snow')

    // A shared page says where it was made.
    await cardOf(page, 'a fox in the forest').getByRole('button', { name: 'Share' }).click()
    await page.getByRole('button', { name: 'Make link' }).click()
    const link = await page.getByRole('textbox', { name: 'Link' }).inputValue()
    await page.goto(new URL(link).pathname)
    await page.getByText('the visitor’s device').waitFor()
  })

  it('makes and keeps pictures without a network, and saves them in order, once, when it is back', async () => {
    const page = await browsers.visitor()
    browsers.expectConsole(/ERR_INTERNET_DISCONNECTED|Failed to fetch|ERR_FAILED/)
    await signUp(page)
    await takeSteps(page, 3)
    await chooseDevice(page)
    await generate(page, 'a rocket in space')
    await agreeToDownload(page, 'a rocket in space')
    await savedCard(page, 'a rocket in space').waitFor()
    await isReadyForOffline(page)

    await page.context().setOffline(true)
    await page.reload()
    await page.getByText(/^No connection/).waitFor()
    await generate(page, 'a dog in the meadow')
    const first = deviceCard(page, 'a dog in the meadow')
    await first.getByText('Saved to your history when the connection is back').waitFor()
    await generate(page, 'a cake in the desert')
    const second = deviceCard(page, 'a cake in the desert')
    await second.getByText('Saved to your history when the connection is back').waitFor()
    const other = await page.context().newPage()
    await other.goto('/history')
    await other.getByRole('link', { name: 'Open: a cake in the desert' }).click()
    await other.getByText('your device', { exact: true }).waitFor()
    await other.goto('/')
    await deviceCard(other, 'a cake in the desert').waitFor()

    await page.context().setOffline(false)
    for (const tab of [page, other]) {
      await savedCard(tab, 'a dog in the meadow').waitFor()
      await savedCard(tab, 'a cake in the desert').waitFor()
      expect(await tab.locator('article[data-kept=browser]').count()).toBe(0)
    }
    await page.reload()
    await savedCard(page, 'a dog in the meadow').waitFor()
    const made = await page.locator('article').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')))
    expect(made).toEqual(['a cake in the desert', 'a dog in the meadow', 'a rocket in space'])
  })

  it('goes on in another tab when the one that made it is closed, and stops there when told to', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await chooseDevice(page)
    await takeSteps(page, 150)
    await generate(page, 'an octopus underwater')
    await agreeToDownload(page, 'an octopus underwater')
    await deviceCard(page, 'an octopus underwater')
      .getByText(/^Step \d+ of 150$/)
      .waitFor()
    const other = await page.context().newPage()
    await other.goto('/')
    const card = deviceCard(other, 'an octopus underwater')
    await card.getByText('Another tab is making it').waitFor()
    await page.close()
    await card.getByText(/^Step \d+ of 150$/).waitFor()
    // Closed and opened again.
    await other.reload()
    await card.getByText(/^Step \d+ of 150$/).waitFor()
    await card.getByRole('button', { name: 'Stop' }).click()
    await card.waitFor({ state: 'detached' })
    await expect.poll(() => other.title()).toBe('Dewpoint')
  })

  it('asks before the server is told anything, when this device cannot make it', async () => {
    // The service worker would fetch past the route below.
    const page = await browsers.visitor({ serviceWorkers: 'block' })
    browsers.expectConsole(/engine|ERR_FAILED|Failed to load/)
    await page.route('**/api/engine/**/*.wasm', (route) => route.abort())
    await page.goto('/')
    const { sent } = watchRequests(page)
    await chooseDevice(page)
    await takeSteps(page, 3)
    await generate(page, 'two cats next to a cake')
    await agreeToDownload(page, 'two cats next to a cake')
    const card = deviceCard(page, 'two cats next to a cake')
    const ask = card.getByRole('button', { name: 'Make it on the server' })
    await ask.waitFor()
    await card.getByText(/^Nothing of this picture has been sent/).waitFor()
    expect(sent.filter((one) => one.includes('cats'))).toEqual([])
    await ask.click()
    await savedCard(page, 'two cats next to a cake').getByRole('button', { name: 'More actions' }).waitFor()
    expect(sent.filter((one) => one.includes('generation.create'))).toHaveLength(1)
  })

  it('keeps a picture for its owner when they sign out while it is made', async () => {
    const page = await browsers.visitor()
    await page.goto('/sign-up')
    const email = `ana-${crypto.randomUUID()}@example.com`
    await page.getByLabel('Name').fill('Ana')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill('correct horse battery')
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.waitForURL((url) => url.pathname === '/')
    await chooseDevice(page)
    await takeSteps(page, 40)
    await generate(page, 'a penguin on top of a mountain')
    await agreeToDownload(page, 'a penguin on top of a mountain')
    await deviceCard(page, 'a penguin on top of a mountain')
      .getByText(/^Step \d+ of 40$/)
      .waitFor()
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    // Nobody else sees it.
    await deviceCard(page, 'a penguin on top of a mountain').waitFor({ state: 'detached' })
    await page.goto('/storage')
    await page.goto('/sign-in')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill('correct horse battery')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await savedCard(page, 'a penguin on top of a mountain').waitFor()
  })

  it('pauses and resumes the download, and lists what is stored, each with a way to be rid of it', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await chooseDevice(page)
    await takeSteps(page, 3)
    // Slow enough that there is something to pause.
    const held: (() => void)[] = []
    await page.context().route('**/*.onnx*', async (route) => {
      await new Promise<void>((resolve) => held.push(resolve))
      await route.continue().catch(() => undefined)
    })
    await generate(page, 'a dog in the city')
    await agreeToDownload(page, 'a dog in the city')
    const card = deviceCard(page, 'a dog in the city')
    await card.getByText(/^Downloading the model/).waitFor()
    await card.getByRole('button', { name: 'Pause' }).click()
    await card.getByText(/^Download paused/).waitFor()
    await page.context().unroute('**/*.onnx*')
    for (const release of held) release()
    await card.getByRole('button', { name: 'Resume' }).click()
    await onlyHere(page, 'a dog in the city')

    await page.goto('/storage')
    await page.getByText(/^Dewpoint$/).waitFor()
    await page.getByText('1 picture only in this browser').waitFor()
    await page.getByRole('button', { name: /^Remove Dewpoint/ }).click()
    await page.getByText(/^No model is stored here/).waitFor()
    await page.getByRole('button', { name: 'Delete 1 picture' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete 1 picture' }).click()
    await page.getByText(/^Every picture made here/).waitFor()
    await page.goto('/')
    await page.getByText(/MB to download, once$/).waitFor()
  })

  it('says when the browser has no room for the model, and goes on when there is some', async () => {
    const page = await browsers.visitor()
    const devtools = await page.context().newCDPSession(page)
    const setRoom = (quotaSize?: number) =>
      devtools.send('Storage.overrideQuotaForOrigin', { origin: stack.url, ...(quotaSize && { quotaSize }) })
    await page.goto('/')
    await chooseDevice(page)
    await takeSteps(page, 2)
    await page.getByText(/MB to download, once$/).waitFor()
    await setRoom(8_000_000)
    await generate(page, 'a cat in space')
    await agreeToDownload(page, 'a cat in space')
    const card = deviceCard(page, 'a cat in space')
    await card.getByText(/^This browser has no room left for the model\./).waitFor()
    await setRoom()
    await card.getByRole('button', { name: 'Resume' }).click()
    await onlyHere(page, 'a cat in space')
  })

  it('makes pictures on the server and here at the same time', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await chooseDevice(page)
    await takeSteps(page, 30)
    await generate(page, 'a rocket in the desert')
    await agreeToDownload(page, 'a rocket in the desert')
    const here = deviceCard(page, 'a rocket in the desert')
    await here.getByText(/^Step \d+ of 30$/).waitFor()
    await page.getByRole('radio', { name: 'Server', exact: true }).click()
    await takeSteps(page, 2)
    await generate(page, 'a fox in the city')
    await savedCard(page, 'a fox in the city').getByRole('button', { name: 'More actions' }).waitFor()
    expect(await savedCard(page, 'a fox in the city').count()).toBe(1)
    await onlyHere(page, 'a rocket in the desert')
    // The guest whom the server's picture made may keep the other one too.
    await page.getByRole('button', { name: 'Save 1 picture' }).click()
    await savedCard(page, 'a rocket in the desert').waitFor()
  })

  it('goes on where it was after the tab has slept', async () => {
    const page = await browsers.visitor()
    const devtools = await page.context().newCDPSession(page)
    await page.goto('/')
    await chooseDevice(page)
    await takeSteps(page, 20)
    await generate(page, 'a panda eating tacos')
    await agreeToDownload(page, 'a panda eating tacos')
    await deviceCard(page, 'a panda eating tacos')
      .getByText(/^Step \d+ of 20$/)
      .waitFor()
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
    await sleep(3_000)
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
    await onlyHere(page, 'a panda eating tacos')
  })

  it('says why a device cannot, leaves the choice to the server, and never offers what will not work', async () => {
    const page = await browsers.visitor()
    // A browser from before WebAssembly's vector instructions.
    await page.route('**/api/models/*/dewpoint.json*', async (route) => {
      const response = await route.fetch()
      const manifest = (await response.json()) as { files: Record<string, { sizeBytes: number }> }
      const files = Object.fromEntries(
        Object.entries(manifest.files).map(([path, file]) => [
          path,
          path.endsWith('.onnx') ? { ...file, sizeBytes: 5_000_000_000 } : file,
        ]),
      )
      await route.fulfill({ response, json: { ...manifest, files } })
    })
    await page.goto('/')
    await page.getByText(/^On the server only\. /).waitFor()
    expect(await page.getByRole('radio', { name: 'This device' }).isDisabled()).toBe(true)
    await page.getByText('Server: this device cannot run the model.').waitFor()
  })

  it('is open to everyone: nothing for axe to object to, on a phone in the dark and at a desk in the light', async () => {
    const page = await browsers.visitor({
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
      colorScheme: 'dark',
      reducedMotion: 'reduce',
    })
    const found: string[] = []
    const look = async (what: string) => {
      const { violations } = await new AxeBuilder({ page }).analyze()
      found.push(...violations.map(({ id, nodes }) => `${what}: ${id} at ${nodes.map(({ target }) => target).join()}`))
      const overflowPx = await page.evaluate(() => document.documentElement.scrollWidth - document.body.clientWidth)
      if (overflowPx > 0) found.push(`${what}: ${overflowPx} px wider than the screen`)
    }
    const openSettings = () => page.getByRole('button', { name: /^Settings/ }).click()
    await page.goto('/')
    await openSettings()
    await chooseDevice(page)
    await page
      .getByRole('dialog')
      .getByText(/MB to download, once$/)
      .waitFor()
    await look('where it runs')
    await takeSteps(page, 3)
    await page.getByRole('button', { name: 'Done' }).click()
    // By keyboard alone from here to the download.
    await promptBox(page).fill('a fox in the snow')
    await page.keyboard.press('Control+Enter')
    const card = deviceCard(page, 'a fox in the snow')
    await card.getByRole('button', { name: /^Download/ }).waitFor()
    await look('the question before a download')
    await card.getByRole('button', { name: /^Download/ }).focus()
    await page.keyboard.press('Enter')
    await onlyHere(page, 'a fox in the snow')
    await look('a picture of this device')

    const everywhere = async (view: string) => {
      await page.goto('/storage')
      await page.getByText(/^Dewpoint$/).waitFor()
      await look(`${view}: storage`)
      await page.goto('/history')
      await page.getByRole('listitem').getByText('On this device').waitFor()
      await look(`${view}: history`)
      await page.getByRole('link', { name: 'Open: a fox in the snow' }).click()
      await page.getByText('your device', { exact: true }).waitFor()
      await look(`${view}: its page`)
    }
    await everywhere('phone')
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await everywhere('desk')
    await page.goto('/')
    await page.getByText(/^about \d+ s$/).waitFor()
    await look('desk: Studio')
    expect(found).toEqual([])
  })
})
