// The Studio's optional settings: shown where they have an effect, kept through reload, part of the recipe, back with reuse and restore.
import { readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecipe } from '#recipes/metadata/read-recipe.ts'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const promptBox = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true })
const field = (page: Page, name: string) => page.getByRole('textbox', { name, exact: true })

async function openFinePoints(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Advanced/ }).click()
  await page.getByRole('button', { name: /^More settings/ }).click()
}

async function choose(page: Page, list: string, option: string | RegExp): Promise<void> {
  await page.getByRole('combobox', { name: list, exact: true }).click()
  await page.getByRole('option', { name: option }).click()
}

describe('optional settings', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startE2eStack()
  })
  afterAll(() => stack?.stop())
  const browsers = useBrowsers(() => stack.url)

  it('appear with the samplers and schedules that take them', async () => {
    const page = await browsers.visitor({ reducedMotion: 'reduce' })
    await page.goto('/')
    await openFinePoints(page)
    await choose(page, 'Sampler', /^Euler The/)
    await field(page, 'Churn').waitFor()
    expect(await field(page, 'Eta').count()).toBe(0)
    expect(await field(page, 'Schedule bend').count()).toBe(0)
    await choose(page, 'Sampler', /^DPM\+\+ SDE/)
    await page.getByRole('combobox', { name: 'Noise along the way' }).waitFor()
    await field(page, 'Eta').waitFor()
    expect(await field(page, 'Churn').count()).toBe(0)
    await choose(page, 'Schedule', /^Karras/)
    await field(page, 'Schedule bend').waitFor()
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
  })

  it('stay through a reload, reach the recipe in the file, and come back with reuse', async () => {
    const page = await browsers.visitor({ reducedMotion: 'reduce' })
    await page.goto('/')
    await promptBox(page).fill('a fox in the forest')
    await openFinePoints(page)
    await choose(page, 'Sampler', /^Euler The/)
    await field(page, 'Churn').fill('3')
    await field(page, 'Variation').fill('0.2')
    await field(page, 'Second seed').fill('9')
    await choose(page, 'Noise', /^A CPU/)
    await choose(page, 'Seamless edges', /^Both ways/)
    await promptBox(page).focus()
    await page.reload()
    await page
      .getByRole('button', { name: /^Advanced/ })
      .getByText('5 changed')
      .waitFor()

    await page.getByRole('button', { name: /^Generate/ }).click()
    const card = page.getByRole('article', { name: 'a fox in the forest' })
    await card.getByRole('button', { name: 'More actions' }).first().click()
    const download = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'Download PNG' }).click()
    const { recipe } = await readRecipe(await readFile(await (await download).path()), { knownModels: [] })
    expect(recipe).toMatchObject({
      sampler: 'euler',
      sChurn: 3,
      variation: { seed: 9, strength: 0.2 },
      noise: 'mt19937',
      tiling: 'xy',
    })
    await page.keyboard.press('Escape')

    await openFinePoints(page)
    await page.getByRole('button', { name: 'Reset seamless edges' }).click()
    await page.getByRole('button', { name: 'Reset churn' }).click()
    await page
      .getByRole('button', { name: /^Advanced/ })
      .getByText('3 changed')
      .waitFor()
    await card.getByRole('button', { name: 'More actions' }).first().click()
    await page.getByRole('menuitem', { name: 'Reuse everything' }).click()
    await expect.poll(() => field(page, 'Churn').inputValue()).toBe('3')
    expect(await page.getByRole('combobox', { name: 'Seamless edges' }).innerText()).toContain('Both ways')
  })
})
