// Making a picture of one's own again, on the server and on this device, and the stated difference.
import { AxeBuilder } from '@axe-core/playwright'
import type { Locator, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const PROMPT = 'a fox in the forest'

describe('a check', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  /** A picture of few steps, and its page. */
  async function openPicture(page: Page): Promise<void> {
    await page.goto('/')
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill(PROMPT)
    await page.getByRole('button', { name: /^Advanced/ }).click()
    await page.getByRole('textbox', { name: 'Steps' }).fill('4')
    await page.getByRole('button', { name: /^Generate/ }).click()
    await page.getByRole('link', { name: `Open: ${PROMPT}` }).click()
    await page.getByRole('region', { name: 'Recipe' }).waitFor()
  }
  const value = (result: Locator, name: string) =>
    result
      .locator('dl > div')
      .filter({ has: result.page().getByText(name, { exact: true }) })
      .locator('dd')
      .innerText()

  it('on the server gives the same bytes, says so, costs one, and is no picture of the history', async () => {
    const page = await browsers.visitor({ reducedMotion: 'reduce' })
    await openPicture(page)
    await page.getByRole('button', { name: 'Make again and compare' }).click()
    const dialog = page.getByRole('dialog', { name: 'Make this picture again' })
    const note = await dialog.getByText(/^Uses 1 of your \d+ left today$/).innerText()
    const left = Number(note.match(/\d+ left/)?.[0].split(' ')[0])
    await dialog.getByRole('button', { name: 'On the server' }).click()
    const result = dialog.getByRole('region', { name: 'Made again on the server' })
    await result.getByText('The same file, byte for byte.').waitFor()
    expect(await value(result, 'PSNR')).toBe('infinite')
    expect(await value(result, 'Largest difference')).toBe('0 of 255')
    expect(await value(result, 'Values that differ')).toBe('0 of 196,608')
    expect(await result.getByRole('img').count()).toBe(3)
    await dialog.getByText(`Uses 1 of your ${left - 1} left today`).waitFor()
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])

    await page.keyboard.press('Escape')
    await page.goto('/history')
    await page
      .getByRole('link', { name: new RegExp(PROMPT) })
      .first()
      .waitFor()
    expect(await page.getByRole('link', { name: new RegExp(PROMPT) }).count()).toBe(1)
  })

  it('on this device says how far it is, with the difference shown, from the keyboard', async () => {
    const page = await browsers.visitor({ reducedMotion: 'reduce' })
    await openPicture(page)
    await page.getByRole('button', { name: 'Make again and compare' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Make this picture again' })
    const onDevice = dialog.getByRole('button', { name: 'On this device' })
    await expect.poll(() => onDevice.isEnabled()).toBe(true)
    await onDevice.focus()
    await page.keyboard.press('Enter')
    const result = dialog.getByRole('region', { name: 'Made again on this device' })
    await result.waitFor()
    // Two runtimes on one processor; the same picture to the bit is as good an answer.
    const psnr = await value(result, 'PSNR')
    expect(psnr === 'infinite' || Number.parseFloat(psnr) >= 45, psnr).toBe(true)
    await result.getByText(/^The same (to the eye|picture|file)/).waitFor()
    expect(await value(result, 'Made first')).toBe('on the server')
    expect(await value(result, 'Made again')).toMatch(/^on this device \((processor|graphics card), .+\)$/)
    await result.getByText(/^Difference(, \d+ times as bright)?$/).waitFor()
    const isDrawn = await result
      .getByRole('img')
      .last()
      .evaluate((img) => (img instanceof HTMLImageElement ? img.naturalWidth : 0))
    expect(isDrawn).toBe(256)
  })
})
