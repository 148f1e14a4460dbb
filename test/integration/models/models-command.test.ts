// `npm run models` and `npm run generate` together, as processes: what one installs, the other draws with.
import { spawnSync } from 'node:child_process'
import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHub } from '#test/harness/hub-server.ts'
import { safetensors, zeros } from '#test/harness/safetensors.ts'
import { tinyModelFiles, tinyModelFolder } from '#test/harness/tiny-model-files.ts'

const command = (name: string) => fileURLToPath(new URL(`../../../gpu-worker/cli/${name}.ts`, import.meta.url))
const network = (name: string) => fileURLToPath(new URL(`../../golden/networks/${name}.safetensors`, import.meta.url))

let dir: string
let modelsDir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dewpoint-models-command-'))
  modelsDir = join(dir, 'models')
  await mkdir(modelsDir)
})
afterAll(() => rm(dir, { recursive: true }))

function run(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command(name), ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, MODELS_DIR: modelsDir, WORKER_THREADS: '1', ...env },
  })
  return { status, stdout, stderr }
}
const models = (...args: string[]) => run('models', args)
const drawn = async (file: string) => (await readFile(join(dir, file))).toString('base64')

describe('npm run models', () => {
  test('adds a model from a folder and says what it is', () => {
    const { status, stdout, stderr } = models('add', tinyModelFolder('sd1'), '--id', 'tiny', '--license', 'CC0-1.0')
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toMatch(/tiny: sd1, 64x64 and others, licence CC0-1.0/)
    expect(models('verify', 'tiny')).toMatchObject({ status: 0, stdout: expect.stringMatching(/tiny: whole, .*\/s\)/) })
  })

  test('says of a model with one timestep a call that it has', () => {
    expect(models('add', tinyModelFolder('sd2'), '--id', 'tiny-2').stdout).toContain('one timestep a call')
    expect(models('list').stdout).toMatch(
      /tiny-2[\s\S]*one timestep a call: requests at different steps do not share one/,
    )
    expect(models('verify', 'tiny-2').stdout).toContain('one timestep a call')
    const listed: { models: { id: string; timestep: string }[] } = JSON.parse(models('list', '--json').stdout)
    expect(listed.models.find(({ id }) => id === 'tiny-2')?.timestep).toBe('scalar')
  })

  test('adds from the hub its environment names', async () => {
    const hub = await startHub('a/tiny-hub', tinyModelFiles('sd1'))
    // The hub lives in this process, so the command may not block it.
    const { spawn } = await import('node:child_process')
    const child = spawn(process.execPath, [command('models'), 'add', 'a/tiny-hub@main'], {
      env: { ...process.env, MODELS_DIR: modelsDir, HF_ENDPOINT: hub.url },
    })
    let said = ''
    child.stdout.on('data', (text) => {
      said += text
    })
    const status = await new Promise((resolve) => child.once('exit', resolve))
    await hub.close()
    expect(status).toBe(0)
    expect(said).toContain(`a/tiny-hub at ${'c'.repeat(10)}`)
    expect(models('remove', 'tiny-hub', '--yes').status).toBe(0)
  })

  test('adds LoRAs and embeddings, with their trigger words', () => {
    const { stdout } = models('add', network('kohya'), '--id', 'ink')
    expect(stdout).toContain('Write <lora:ink:0.8> in a prompt')
    expect(stdout).toContain('Trigger words: tinypanda, outdoors')
    expect(models('add', network('bad-hands')).stdout).toContain('Write bad-hands in a prompt')
    expect(models('verify', 'ink', 'bad-hands').status).toBe(0)
    expect(models('add', network('kohya'), '--id', 'ink')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('There is a lora ink already'),
    })
  })

  test('installs what npm run generate draws with', async () => {
    const generate = (prompt: string, out: string) =>
      run('generate', [prompt, '--model', 'tiny', '--seed', '7', '--steps', '4', '--out', out])
    expect(generate('a panda', 'plain.png').status).toBe(0)
    expect(generate('a panda <lora:ink:0.5>', 'lora.png').stderr).toBe('')
    expect(generate('a panda <lora:ink:0>', 'off.png').status).toBe(0)
    expect(generate('a panda, bad-hands', 'word.png').status).toBe(0)
    const pictures = await Promise.all(['plain.png', 'lora.png', 'word.png'].map(drawn))
    expect(new Set(pictures).size).toBe(3)
    expect(run('generate', ['--reproduce', 'lora.png'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('the bytes are the same'),
    })
    expect(run('generate', ['a <lora:other:1>', '--model', 'tiny'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/There is no LoRA other; installed: ink/),
    })
  })

  test('refuses by name what cannot be a LoRA here', async () => {
    const file = join(dir, 'strange.safetensors')
    const refused = async (bytes: Uint8Array, rule: string) => {
      await writeFile(file, bytes)
      expect(models('add', file)).toMatchObject({ status: 2, stderr: expect.stringContaining(rule) })
    }
    await refused(safetensors({ 'lora_unet_a.hada_w1_a': zeros(2, 2), b: zeros(1) }), 'holds LoHa')
    await refused(safetensors({ a: zeros(2, 2, 2) }), 'not [2, 2, 2]')
    const checkpoint = { 'model.diffusion_model.out.2.bias': zeros(4), 'first_stage_model.quant_conv.bias': zeros(8) }
    await refused(safetensors(checkpoint), 'is a whole checkpoint, no LoRA or embedding; models -- convert takes it')
    await refused(new Uint8Array(100), 'not a safetensors file')
    await copyFile(file, join(dir, 'pickle.pt'))
    expect(models('add', join(dir, 'pickle.pt'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('can run code'),
    })
    await cp(network('kohya'), join(dir, 'a:b.safetensors'))
    expect(models('add', join(dir, 'a:b.safetensors')).stderr).toContain('Give another with --id')
  })

  test('needs a picture’s LoRA to make it again', () => {
    expect(models('remove', 'ink')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Say --yes where nobody can be asked'),
    })
    expect(models('remove', 'ink', '--yes')).toMatchObject({ status: 0, stdout: 'Removed the lora ink.\n' })
    expect(run('generate', ['--reproduce', 'lora.png'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/needs the lora ink \([0-9a-f]{64}\); it is not installed/),
    })
    expect(models('remove', 'ink', '--yes')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Nothing named ink is installed'),
    })
  })

  test('takes the default model away only when told twice', async () => {
    expect(models('remove', 'tiny', '--yes')).toMatchObject({ status: 2, stderr: expect.stringContaining('--force') })
    expect(models('remove', 'tiny-2', '--yes').status).toBe(0)
    expect(models('remove', 'tiny', '--yes', '--force').status).toBe(0)
    expect((await readdir(modelsDir)).filter((name) => name.startsWith('tiny'))).toEqual([])
  })

  test('converts through Python, and says how to set it up where it is not', async () => {
    const absent = run('models', ['convert', tinyModelFolder('sd1')], { CONVERT_PYTHON: join(dir, 'nothing') })
    expect(absent.status).toBe(2)
    expect(absent.stderr).toContain('pip install -r training/conversion/requirements.txt')
    // In Python's place: a program that takes its arguments and leaves what it would leave. The real one: training/tests.
    const python = join(dir, 'python')
    await writeFile(python, `#!/bin/sh\ncase "$2" in *broken*) exit 3;; esac\ncp -r ${tinyModelFolder('sd1')} "$3"\n`)
    await chmod(python, 0o755)
    await cp(tinyModelFolder('sd1'), join(dir, 'Some Model'), { recursive: true })
    const { status, stdout } = run('models', ['convert', 'Some Model'], { CONVERT_PYTHON: python })
    expect(status).toBe(0)
    expect(stdout).toContain('to be installed as some-model')
    const manifest = JSON.parse(await readFile(join(modelsDir, 'some-model', 'dewpoint.json'), 'utf8'))
    expect(Object.keys(manifest.files)).toContain('unet/model_fp16.onnx')
    await mkdir(join(dir, 'broken'))
    expect(run('models', ['convert', 'broken'], { CONVERT_PYTHON: python })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('was not converted (exit code 3)'),
    })
    expect(await readdir(join(modelsDir, '.partial'))).toEqual([])
  })
})
