// The main job as a person does it, in a real browser, on every real part.
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPngText } from '#recipes/metadata/png.ts'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const PROMPT = 'a panda eating tacos at the beach'

describe('the main job in the browser', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  it('takes a guest from a sentence to a picture, their history, a link for others, and the link’s end', async () => {
    const person = await browsers.visitor()
    await person.goto('/')
    await generate(person, PROMPT)
    const card = person.getByRole('article', { name: PROMPT })
    await card.getByRole('button', { name: 'Share' }).waitFor()
    await expectPicture(card.locator('img').first())

    await person.getByRole('link', { name: 'History' }).first().click()
    await person.waitForURL('**/history')
    await expectPicture(person.getByRole('img', { name: PROMPT }).first())

    await person.goto('/')
    await card.getByRole('button', { name: 'Share' }).click()
    await person.getByRole('button', { name: /make link/i }).click()
    const link = await person.getByRole('dialog').getByRole('textbox').inputValue()
    expect(new URL(link).pathname).toMatch(/^\/i\/.{8,}/)

    // Somebody else, without JavaScript.
    const other = await browsers.visitor({ javaScriptEnabled: false })
    expect((await other.goto(link))?.status()).toBe(200)
    expect(await other.textContent('body')).toContain(PROMPT)
    const shared = await other.request.get(`${link}/image.png`)
    expect(shared.status()).toBe(200)
    const card1200 = await other.request.get(`${link}/card.png`)
    expect(card1200.headers()['content-type']).toContain('image/png')

    await person.getByRole('button', { name: /take.*back|remove link|revoke/i }).click()
    await expect.poll(async () => (await other.request.get(link)).status()).toBe(404)
    expect((await other.request.get(`${link}/image.png`)).status()).toBe(404)
    expect((await other.request.get(`${link}/card.png`)).status()).toBe(404)
  })

  it('downloads a PNG that carries the recipe as A1111 writes it', async () => {
    const person = await browsers.visitor()
    await person.goto('/')
    await generate(person, 'a fox in the forest')
    const card = person.getByRole('article', { name: 'a fox in the forest' })
    await card.getByRole('button', { name: 'More actions' }).click()
    const [download] = await Promise.all([
      person.waitForEvent('download'),
      person.getByRole('menuitem', { name: 'Download PNG' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/\.png$/)
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk)
    const { entries } = await readPngText(new Uint8Array(Buffer.concat(chunks)))
    expect(entries.find(({ keyword }) => keyword === 'parameters')?.text).toMatch(
      /^a fox in the forest\nSteps: \d+, Sampler: /,
    )
  })

  it('keeps following a picture after a reload in the middle of it', async () => {
    const person = await browsers.visitor()
    await person.goto('/')
    await generate(person, 'a rocket in space')
    const card = person.getByRole('article', { name: 'a rocket in space' })
    await card
      .getByText(/Step \d+ of/)
      .first()
      .waitFor()
    await person.reload()
    await card.getByRole('button', { name: 'Share' }).waitFor()
    await expectPicture(card.locator('img').first())
  })
})

async function generate(page: Page, prompt: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill(prompt)
  await page.getByRole('button', { name: /^Generate/ }).click()
}

/** The element shows a decoded picture, not a broken one. */
async function expectPicture(image: ReturnType<Page['locator']>): Promise<void> {
  await image.waitFor()
  await expect.poll(() => image.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
}
