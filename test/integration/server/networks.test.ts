// LoRAs and embeddings on the website's side: found in prompts, written into recipes by their hash, handed to workers.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scriptedWorker } from '#test/harness/scripted-worker.ts'
import { type Person, startTestServer, type TestServer, validRequest } from '#test/harness/server.ts'
import { addNetwork } from '#worker/models/add-network.ts'

const file = (name: string) => fileURLToPath(new URL(`../../golden/networks/${name}.safetensors`, import.meta.url))

describe('networks a prompt names', () => {
  let modelsDir: string
  let server: TestServer
  let person: Person
  beforeAll(async () => {
    modelsDir = await mkdtemp(join(tmpdir(), 'dewpoint-networks-'))
    await cp('models', modelsDir, { recursive: true })
    server = await startTestServer({ MODELS_DIR: modelsDir })
    person = await server.signUp()
  })
  afterAll(async () => {
    await server.close()
    await rm(modelsDir, { recursive: true })
  })
  const create = (prompt: string, rest: object = {}) =>
    person.api.generation.create(validRequest(server.model, { prompt, ...rest }))

  it('are offered from the moment they are installed', async () => {
    expect(await person.api.model.networks()).toEqual([])
    const lora = await addNetwork({ path: file('kohya'), modelsDir, name: 'ink' })
    await addNetwork({ path: file('bad-hands'), modelsDir })
    // The list is read once a second for everybody.
    await new Promise((tick) => setTimeout(tick, 1_001))
    const offered = await person.api.model.networks()
    expect(offered.map(({ kind, name }) => [kind, name])).toEqual([
      ['lora', 'ink'],
      ['embedding', 'bad-hands'],
    ])
    expect(offered[0]).toMatchObject({ sha256: lora.sha256, triggerWords: ['tinypanda', 'outdoors'] })
  })

  it('are in the recipe by their files, and in the job a worker claims', async () => {
    const [ink, hands] = await person.api.model.networks()
    const made = await create('a fox <lora:ink:0.8>', { negativePrompt: 'bad-hands' })
    const networks = [
      { kind: 'lora', name: 'ink', hash: ink?.sha256 },
      { kind: 'embedding', name: 'bad-hands', hash: hands?.sha256 },
    ]
    expect(made.recipe.networks).toEqual(networks)
    const worker = await scriptedWorker(server)
    await worker.hello()
    expect((await worker.claimOne()).recipe.networks).toEqual(networks)
  })

  it('are left out where the name is not installed, or the prompt is meant literally', async () => {
    expect((await create('a fox <lora:lost:0.8>')).recipe).not.toHaveProperty('networks')
    expect((await create('a fox <lora:ink:0.8>', { weighting: 'none' })).recipe).not.toHaveProperty('networks')
    expect((await create('a fox')).recipe).not.toHaveProperty('networks')
  })

  it('are at most eight', async () => {
    for (let i = 0; i < 8; i++) await addNetwork({ path: file('style'), modelsDir, name: `style ${i}` })
    const prompt = Array.from({ length: 8 }, (_, i) => `<lora:style ${i}:1>`).join('')
    expect((await create(prompt)).recipe.networks).toHaveLength(8)
    await expect(create(`${prompt} bad-hands`)).rejects.toThrow()
  })
})
