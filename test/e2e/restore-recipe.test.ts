// Dropping a picture that carries a recipe: a report first, then the form; somebody else's and one of our own.
import { readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writePngText } from '#recipes/metadata/png.ts'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const promptBox = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true })

/** As a person drags a file from their desktop. */
async function drop(page: Page, png: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle((base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const data = new DataTransfer()
    data.items.add(new File([bytes], 'picture.png', { type: 'image/png' }))
    return data
  }, Buffer.from(png).toString('base64'))
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer })
}

async function foreignPicture(): Promise<Uint8Array> {
  const plain = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#486' } })
    .png()
    .toBuffer()
  // d3x-at/sd-parsers, tests/test_automatic1111.py.
  return writePngText(plain, [
    {
      keyword: 'parameters',
      text:
        'photo of a duck\nNegative prompt: monochrome\nSteps: 15, Sampler: UniPC, CFG scale: 5, Seed: 235284042, ' +
        'Size: 512x400, Model hash: c0d1994c73, Model: realistic_realisticVisionV20_v20',
    },
  ])
}

describe('a picture with a recipe', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  it('from another program: the report comes first, the form changes when told to, and back', async () => {
    // Transitions end at once, so that axe never measures a colour halfway.
    const page = await browsers.visitor({ reducedMotion: 'reduce' })
    await page.goto('/')
    await page.getByRole('button', { name: 'a fox in the forest' }).waitFor()
    await promptBox(page).fill('mine')
    await drop(page, await foreignPicture())
    const dialog = page.getByRole('dialog', { name: 'This picture has its recipe' })
    await dialog.waitFor()
    // Behind the dialog, where people cannot reach it.
    const behind = page.getByRole('textbox', { name: 'Prompt', exact: true, includeHidden: true })
    expect(await behind.inputValue()).toBe('mine')
    await dialog.getByText('Made with AUTOMATIC1111').waitFor()
    await dialog.getByText('photo of a duck').waitFor()
    await dialog.getByText('realistic_realisticVisionV20_v20, is not installed').waitFor()
    await dialog.getByText('512 × 400').waitFor()

    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])

    await dialog.getByRole('button', { name: 'Restore settings' }).click()
    await expect.poll(() => promptBox(page).inputValue()).toBe('photo of a duck')
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => promptBox(page).inputValue()).toBe('mine')
  })

  it('made here and downloaded: everything comes back, the seed included', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).fill('a fox in the forest')
    await page.getByRole('button', { name: /^Generate/ }).click()
    const card = page.getByRole('article', { name: 'a fox in the forest' })
    await card.getByRole('button', { name: 'More actions' }).first().click()
    const download = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'Download JPEG' }).click()
    const jpeg = await readFile(await (await download).path())
    await page.keyboard.press('Escape')

    await promptBox(page).fill('something else')
    await drop(page, jpeg)
    const dialog = page.getByRole('dialog', { name: 'This picture has its recipe' })
    await dialog.getByRole('button', { name: 'Restore settings' }).click()
    await expect.poll(() => promptBox(page).inputValue()).toBe('a fox in the forest')

    // And it can be made again to be compared, here: the server does so with pictures of one's history.
    await drop(page, jpeg)
    await dialog.getByRole('button', { name: 'Make again and compare' }).click()
    const check = page.getByRole('dialog', { name: 'Make this picture again' })
    await check.getByText('this one is not in it').waitFor()
    expect(await check.getByRole('button', { name: 'On the server' }).isDisabled()).toBe(true)
    await expect.poll(() => check.getByRole('button', { name: 'On this device' }).isEnabled()).toBe(true)
    await page.keyboard.press('Escape')
    await check.waitFor({ state: 'detached' })
  })

  it('without one: it is the picture to start from, as before', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await promptBox(page).waitFor()
    await drop(
      page,
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#846' } })
        .png()
        .toBuffer(),
    )
    await page.getByRole('button', { name: 'Remove picture' }).waitFor()
  })
})
