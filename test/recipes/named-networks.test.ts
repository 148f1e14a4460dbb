import { describe, expect, test } from 'vitest'
import { namedNetworks } from '#recipes/named-networks.ts'

const installed = [
  { kind: 'lora', name: 'ink', sha256: '1'.repeat(64) },
  { kind: 'embedding', name: 'bad-hands', sha256: '2'.repeat(64) },
  { kind: 'embedding', name: 'tiny.cat', sha256: '3'.repeat(64) },
] as const
const names = (prompt: string, negative = '') => {
  const { networks, unknown } = namedNetworks(prompt, negative, installed)
  return { names: networks.map(({ name }) => name), unknown }
}

describe('the networks a prompt names', () => {
  test('are its LoRAs, installed or not, each once', () => {
    expect(names('a fox <lora:ink:0.8><lora:ink:0.2> <lora:lost:1>')).toEqual({ names: ['ink'], unknown: ['lost'] })
    expect(namedNetworks('<lora:ink>', '', installed).networks).toEqual([
      { kind: 'lora', name: 'ink', hash: '1'.repeat(64) },
    ])
  })

  test('are not those of the negative prompt, where a LoRA means nothing', () => {
    expect(names('a fox', '<lora:ink:1>')).toEqual({ names: [], unknown: [] })
  })

  test('are embeddings as whole words of either prompt, bare or in angle brackets', () => {
    expect(names('a <tiny.cat>', 'bad-hands, blurry').names).toEqual(['bad-hands', 'tiny.cat'])
    expect(names('(bad-hands:1.2)').names).toEqual(['bad-hands'])
    for (const other of ['bad-hands-5', 'verybad-hands', 'bad-hands2', 'Bad-Hands', 'tinyxcat'])
      expect(names(other).names, other).toEqual([])
  })

  test('are at most eight', () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ kind: 'lora', name: `l${i}`, sha256: 'a'.repeat(64) }) as const)
    const prompt = many.map(({ name }) => `<lora:${name}:1>`).join('')
    expect(() => namedNetworks(prompt, '', many)).toThrow(
      'Up to 8 LoRAs and embeddings work together, the prompt names 9',
    )
  })
})
