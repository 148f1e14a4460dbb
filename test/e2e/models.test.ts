// Other people's models as people meet them in the Studio: chosen, described, drawn with, and LoRAs pressed into the prompt.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useBrowsers } from '#test/harness/browser.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { tinyModelFolder } from '#test/harness/tiny-model-files.ts'
import { addModel } from '#worker/models/add-model.ts'
import { addNetwork } from '#worker/models/add-network.ts'
import { openFolderSource } from '#worker/models/folder-source.ts'
import { createOnnxRuntime } from '#worker/runtime/onnx-runtime.ts'
import { startE2eStack } from './start-stack.ts'

const promptBox = (page: Page) => page.getByRole('textbox', { name: 'Prompt', exact: true })

describe('models in the Studio', () => {
  let modelsDir: string
  let stack: TestStack
  beforeAll(async () => {
    modelsDir = await mkdtemp(join(tmpdir(), 'dewpoint-e2e-models-'))
    await cp('models', modelsDir, { recursive: true })
    await addModel({
      source: await openFolderSource(tinyModelFolder('sd1')),
      modelsDir,
      id: 'tiny',
      license: 'CC0-1.0',
      allPrecisions: false,
      runtime: createOnnxRuntime({ provider: 'cpu', threads: 1 }),
      signal: new AbortController().signal,
      report: { onPlan: () => undefined, onBytes: () => undefined, onStage: () => undefined },
    })
    const path = fileURLToPath(new URL('../golden/networks/kohya.safetensors', import.meta.url))
    await addNetwork({ path, modelsDir, name: 'ink', license: 'CC-BY-4.0' })
    stack = await startE2eStack({ env: { MODELS_DIR: modelsDir } })
  })
  afterAll(async () => {
    await stack?.stop()
    await rm(modelsDir, { recursive: true, force: true })
  })
  const browsers = useBrowsers(() => stack.url)

  it('are described by size, licence and where they run, and a LoRA is drawn with', async () => {
    const page = await browsers.visitor()
    await page.goto('/')
    await page.getByText(/MB, licence MIT\. Runs on the server and on this device\./).waitFor()
    await page.getByRole('combobox', { name: 'Model' }).click()
    await page.getByRole('option', { name: /Added from sd1\. \d+ kB, licence CC0-1\.0/ }).click()
    await page
      .getByRole('form', { name: 'Studio' })
      .getByText(/kB, licence CC0-1\.0\./)
      .waitFor()

    await promptBox(page).fill('a panda <lora:lost:1>')
    await page.getByRole('button', { name: 'There is no lora "lost" here' }).waitFor()
    await promptBox(page).fill('a panda')
    await page.getByRole('button', { name: 'LoRAs and embeddings' }).click()
    await page.getByText('LoRA, 25 kB, licence CC-BY-4.0.').waitFor()
    await page.getByRole('button', { name: 'Add ink to the prompt' }).click()
    expect(await promptBox(page).inputValue()).toBe('a panda <lora:ink:1>')
    await page.getByRole('button', { name: 'Add “tinypanda” to the prompt' }).click()
    expect(await promptBox(page).inputValue()).toBe('a panda <lora:ink:1>, tinypanda')
    await page.getByText('Server: only it can use LoRAs and embeddings.').waitFor()
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
    expect(await page.getByRole('button', { name: 'There is no lora' }).count()).toBe(0)

    await page.getByRole('button', { name: /^Generate/ }).click()
    const card = page.getByRole('article', { name: 'a panda <lora:ink:1>, tinypanda' })
    await card.getByRole('button', { name: 'More actions' }).first().waitFor()
  }, 240_000)
})
