// The models command as people run it: a process, its words, its exit code.
import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const command = new URL('../../../gpu-worker/cli/models.ts', import.meta.url).pathname
const models = new URL('../../../models', import.meta.url).pathname
const copies = mkdtempSync(join(tmpdir(), 'dewpoint-models-'))
afterAll(() => rmSync(copies, { recursive: true, force: true }))

function run(args: readonly string[], modelsDir = models) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    encoding: 'utf8',
    env: { ...process.env, MODELS_DIR: modelsDir },
  })
  return { status, stdout, stderr }
}

describe('npm run models', () => {
  test('lists what is installed, for people and for programs', () => {
    const { status, stdout } = run(['list'])
    expect(status).toBe(0)
    expect(stdout).toContain('(default)')
    expect(stdout).toMatch(/licence MIT/)
    const listed: { models: { id: string; hash: string }[] } = JSON.parse(run(['list', '--json']).stdout)
    expect(listed.models.map(({ id }) => id)).toContain('dewpoint')
    expect(listed.models[0]?.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  test('verifies a whole model, and names the file of one that differs', () => {
    cpSync(join(models, 'dewpoint'), join(copies, 'dewpoint'), { recursive: true })
    expect(run(['verify', 'dewpoint'], copies)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('dewpoint: whole'),
    })
    appendFileSync(join(copies, 'dewpoint', 'tokenizer', 'tokenizer.json'), ' ')
    const { status, stderr } = run(['verify'], copies)
    expect(status).toBe(1)
    expect(stderr).toContain('tokenizer/tokenizer.json has SHA-256')
  })

  test('refuses what it does not know', () => {
    expect(run(['verify', 'nothing'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('No model nothing; installed:'),
    })
    expect(run(['fetch'])).toMatchObject({ status: 2, stderr: expect.stringContaining('Unknown command fetch') })
    expect(run([]).status).toBe(2)
  })
})
