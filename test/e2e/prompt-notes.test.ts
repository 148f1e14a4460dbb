// The prompt explained while it is typed, with the model's own tokenizer, and weights by key.
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const promptBox = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true })

describe('the prompt box', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  it('counts tokens, shows weights, and says what will not do what it looks like', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).fill('a (panda:1.3) eating tacos at the beach')
    await page.getByText(/^8 tokens of 30$/).waitFor()
    await page.getByText('panda × 1.3').waitFor()

    await promptBox(page).fill('a (panda')
    await page.getByRole('button', { name: 'never closed' }).waitFor()
    await promptBox(page).fill('a панда')
    await page.getByRole('button', { name: '“панда” This model does not read these letters' }).waitFor()
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
    await promptBox(page).fill('a panda '.repeat(30))
    await page.getByText(/^60 tokens, 2 windows of 30$/).waitFor()
    await promptBox(page).fill('a panda')
    await page.getByText(/^2 tokens of 30$/).waitFor()
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

  it('undoes a changed weight as it undoes typing', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).pressSequentially('a fox')
    await promptBox(page).press('Control+ArrowUp')
    expect(await promptBox(page).inputValue()).toBe('a (fox:1.1)')
    await promptBox(page).press('Control+z')
    expect(await promptBox(page).inputValue()).toBe('a fox')
    await promptBox(page).press('Control+Shift+z')
    expect(await promptBox(page).inputValue()).toBe('a (fox:1.1)')
  })

  it.each([
    ['a desk', {}],
    ['a phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
  ])('underlines the very words, and keeps every letter of the copy behind its own: %s', async (_name, options) => {
    const page = await browsers.visitor(options)
    await page.goto('/')
    // Long enough to wrap and, on a phone, to scroll.
    const text = `a (panda:1.3) and a панда ${'eating tacos at the beach '.repeat(9)}qwzx`
    await promptBox(page).fill(text)
    const marks = page.locator('[data-run]')
    await marks.filter({ hasText: 'панда' }).waitFor({ state: 'attached' })
    const drawn = await marks.filter({ hasText: 'панда' }).evaluate((mark) => {
      const { textDecorationLine, textDecorationStyle } = getComputedStyle(mark)
      const copy = mark.parentElement
      const box = document.getElementById('prompt')
      if (copy === null || !(box instanceof HTMLTextAreaElement)) throw new Error('no box')
      box.scrollTop = box.scrollHeight
      return new Promise<object>((resolve) =>
        requestAnimationFrame(() =>
          resolve({
            line: textDecorationLine,
            style: textDecorationStyle,
            text: copy.textContent,
            width: copy.clientWidth - box.clientWidth,
            height: copy.scrollHeight - box.scrollHeight,
            scrolled: copy.scrollTop - box.scrollTop,
            offset: copy.getBoundingClientRect().top - box.getBoundingClientRect().top,
          }),
        ),
      )
    })
    expect(drawn).toEqual({
      line: 'underline',
      style: 'wavy',
      text: `${text}\u200b`,
      width: 0,
      height: 0,
      scrolled: 0,
      offset: 0,
    })
  })

  it('says the reason where the pointer or the caret is, and leads from a note to its word', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).fill('a (panda:1.3) and a панда')
    const mark = page.locator('[data-run]').filter({ hasText: 'панда' })
    await mark.waitFor({ state: 'attached' })
    const { x, y, width, height } = (await mark.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 3 })
    const bubble = page.getByRole('tooltip')
    await bubble.getByText('This model does not read these letters').waitFor()
    // Onto the bubble and it stays; Escape takes it away and nothing else.
    await bubble.hover()
    await bubble.waitFor()
    await page.keyboard.press('Escape')
    await bubble.waitFor({ state: 'detached' })
    const weight = page.locator('[data-run]').filter({ hasText: 'panda' })
    const at = (await weight.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    await page.mouse.move(at.x + at.width / 2, at.y + at.height / 2)
    await page.getByRole('tooltip', { name: '' }).getByText('× 1.3').waitFor()

    const note = page.getByRole('button', { name: '“панда” This model does not read these letters' })
    expect(await promptBox(page).getAttribute('aria-describedby')).not.toBeNull()
    await promptBox(page).press('End')
    await page.getByRole('status').getByText('“панда”').waitFor({ state: 'attached' })
    expect(await note.getAttribute('aria-current')).toBe('true')
    await promptBox(page).press('Home')
    await expect.poll(() => note.getAttribute('aria-current')).toBeNull()
    await note.click()
    const chosen = await promptBox(page).evaluate((box) =>
      box instanceof HTMLTextAreaElement ? box.value.slice(box.selectionStart, box.selectionEnd) : '',
    )
    expect(chosen).toBe('панда')
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
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
