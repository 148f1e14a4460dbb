import { describe, expect, it } from 'vitest'
import { checkThisNode, projectNode } from '../../scripts/lib/node.mjs'
import { SetupError } from '../../scripts/lib/say.mjs'

describe('the Node that runs the commands', () => {
  it.each(['20.9.0', '20.20.1', '22.0.0', '24.21.0', '30.0.0'])('may be %s', (version) => {
    expect(() => checkThisNode(version)).not.toThrow()
  })

  it.each(['18.20.4', '20.8.1', '16.0.0'])('may not be %s, and the message says what is needed', (version) => {
    expect(() => checkThisNode(version)).toThrow(SetupError)
    expect(() => checkThisNode(version)).toThrow(`Dewpoint needs Node 20.9 or newer; this is Node ${version}`)
  })

  it('runs the project on 24 or newer', async () => {
    const { execFileSync } = await import('node:child_process')
    const major = execFileSync(projectNode(), ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' })
    expect(Number(major)).toBeGreaterThanOrEqual(24)
  })
})
