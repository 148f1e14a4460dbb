// The prompt explained while it is typed, with the model's own tokenizer, and weights by key.
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import { startTestStack, type TestStack } from '#test/harness/stack.ts'

const promptBox = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true })

describe('the prompt box', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startTestStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  it('counts tokens, shows weights, and says what will not do what it looks like', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).fill('a (panda:1.3) eating tacos at the beach')
    await page.getByText(/^7 tokens of \d+$/).waitFor()
    await page.getByText('panda × 1.3').waitFor()

    await promptBox(page).fill('a (panda')
    await page.getByText('never closed').waitFor()
    await promptBox(page).fill('a xylophonist')
    await page.getByText('“xylophonist” This model does not know this word').waitFor()
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
    await promptBox(page).fill('a panda '.repeat(30))
    await page.getByText('from here on the prompt is left out').waitFor()
    await promptBox(page).fill('a panda')
    await page.getByText('from here on').waitFor({ state: 'detached' })
  })

  it('changes the weight of the word at the caret with Control and the arrows', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).fill('a fox')
    await promptBox(page).press('Control+ArrowUp')
    expect(await promptBox(page).inputValue()).toBe('a (fox:1.1)')
    await promptBox(page).press('Control+ArrowUp')
    expect(await promptBox(page).inputValue()).toBe('a (fox:1.2)')
    await promptBox(page).press('Control+ArrowDown')
    await promptBox(page).press('Control+ArrowDown')
    expect(await promptBox(page).inputValue()).toBe('a fox')
  })

  it('gets the tokenizer from an address that may be kept, and nothing beside the model’s files', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    const seen = page.waitForResponse((response) => response.url().includes('/tokenizer/tokenizer.json'))
    await promptBox(page).fill('a fox')
    const tokenizer = await seen
    expect(tokenizer.headers()['cache-control']).toContain('immutable')
    const model = new URL(tokenizer.url()).pathname.split('/')[3] ?? ''
    for (const path of ['README.md', 'tokenizer/..%2f..%2f..%2fpackage.json', '..%2fv0%2f..%2f..%2fpackage.json']) {
      const { status } = await fetch(`${stack.url}/api/models/${model}/${path}`)
      expect({ path, status }).toEqual({ path, status: 404 })
    }
  })
})
