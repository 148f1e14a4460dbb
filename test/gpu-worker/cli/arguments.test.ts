import { describe, expect, it } from 'vitest'
import { SAMPLERS, SCHEDULES } from '#contracts/samplers.ts'
import { parseGenerateArguments, USAGE, UsageError } from '#worker/cli/arguments.ts'

const parse = (...args: string[]) => parseGenerateArguments(['a panda', ...args])

describe('the words after npm run generate', () => {
  it('are a prompt and options, and what is left out is left to the model', () => {
    expect(parse('--seed', '7', '--steps', '25', '--out', 'panda.png')).toMatchObject({
      prompt: 'a panda',
      negativePrompt: undefined,
      seeds: [7],
      count: 1,
      steps: 25,
      guidanceScale: undefined,
      out: 'panda.png',
      force: false,
    })
  })

  it('make several pictures from several seeds, or from a count', () => {
    expect(parse('--seed', '7,8,9')?.seeds).toEqual([7, 8, 9])
    expect(parse('--seed', '4294967295', '--count', '3')?.seeds).toEqual([4_294_967_295, 0, 1])
    expect(parse('--count', '3')).toMatchObject({ seeds: null, count: 3 })
  })

  it.each([
    [[], /Write what you want to see/],
    [['  '], /Write what you want to see/],
    [['a', 'panda'], /Put the prompt in quotes/],
    [['x'.repeat(5_001)], /at most 5000 characters/],
    [['bell\u0007'], /control characters/],
    [['p', '--steps', '0'], /Steps are 1 to 150 \(got "0"\)/],
    [['p', '--steps', '1000'], /Steps are 1 to 150/],
    [['p', '--steps', 'many'], /--steps/],
    [['p', '--steps', ''], /--steps/],
    [['p', '--seed', '1.5'], /--seed/],
    [['p', '--seed', '7,'], /--seed/],
    [['p', '--seed=-1'], /--seed/],
    [['p', '--sampler', 'magic'], /Unknown sampler "magic"; known: ddim \(DDIM\), .*euler/],
    [['p', '--schedule', 'magic'], /Unknown schedule "magic"; known: /],
    [['p', '--guidance', '31'], /--guidance/],
    [['p', '--strength', '0.5'], /there is no --image/],
    [['p', '--image', 'a.png', '--strength', '0'], /above 0 and at most 1/],
    [['p', '--seed', '1,2', '--count', '2'], /not both/],
    [['p', '--magic'], /--help lists the options/],
    [['', '--recipe', 'r.json'], /Write what you want to see/],
    [['--recipe', 'r.json', '--steps', '0'], /Steps are 1 to 150/],
    [['p', '--reproduce', 'a.png'], /a prompt has no place beside it; --recipe takes changes/],
    [['--reproduce', 'a.png', '--seed', '1'], /--seed has no place beside it/],
    [['--reproduce', 'a.png', '--negative', ''], /--negative has no place beside it/],
    [['--reproduce', 'a.png', '--recipe', 'r.json'], /--recipe has no place beside it/],
  ])('%j break a rule, which is named', (args, rule) => {
    expect(() => parseGenerateArguments(args)).toThrow(UsageError)
    expect(() => parseGenerateArguments(args)).toThrow(rule)
  })

  it.each([
    [['p', '--sampler', 'DPM++ 2M Karras'], 'dpmpp-2m', 'karras'],
    [['p', '--sampler', 'DPM++ 2M Karras', '--schedule', 'Exponential'], 'dpmpp-2m', 'exponential'],
    [['p', '--sampler', 'euler_ancestral'], 'euler-a', undefined],
    [['p', '--schedule', 'sgm_uniform'], undefined, 'sgm-uniform'],
  ])('%j may name samplers and schedules as other programs do', (args, sampler, schedule) => {
    expect(parseGenerateArguments(args)).toMatchObject({ sampler, schedule })
  })

  it('may say how a sampler draws its noise', () => {
    const asked = parse(
      '--noise',
      'mt19937',
      '--sde-noise',
      'torchsde-cpu',
      '--eta',
      '0.5',
      '--s-churn',
      '5',
      '--s-noise',
      '1.01',
      '--rho',
      '3',
    )
    expect(asked).toMatchObject({
      optional: { noise: 'mt19937', eta: 0.5, sChurn: 5, sNoise: 1.01, sdeNoise: 'torchsde-cpu', rho: 3 },
    })
    expect(parse()?.optional).toEqual({})
    expect(
      parse('--guidance-rescale', '0.7', '--zero-terminal-snr', 'false', '--variation', '9:0.2', '--tiling', 'xy')
        ?.optional,
    ).toEqual({ guidanceRescale: 0.7, zeroTerminalSnr: false, variation: { seed: 9, strength: 0.2 }, tiling: 'xy' })
    for (const wrong of [
      ['--variation', '9'],
      ['--variation', ':0.2'],
      ['--tiling', 'z'],
      ['--zero-terminal-snr', ''],
    ])
      expect(() => parse(...wrong), wrong.join(' ')).toThrow(UsageError)
    expect(() => parse('--eta', '2')).toThrow(/--eta/)
    expect(() => parse('--noise', 'gpu')).toThrow(/--noise/)
  })

  it('may name a recipe, and what replaces parts of it', () => {
    expect(parseGenerateArguments(['--recipe', 'r.json'])).toMatchObject({
      recipePath: 'r.json',
      prompt: undefined,
      negativePrompt: undefined,
      seeds: null,
      count: undefined,
      steps: undefined,
    })
    expect(parse('--recipe', 'r.json', '--negative', '', '--seed', '9')).toMatchObject({
      recipePath: 'r.json',
      prompt: 'a panda',
      negativePrompt: '',
      seeds: [9],
    })
  })

  it('may name a picture to reproduce, and what that needs', () => {
    const words = [
      '--reproduce',
      'a.png',
      '--image',
      'in.png',
      '--model',
      'dewpoint',
      '--out',
      'b.png',
      '--force',
      '--json',
    ]
    expect(parseGenerateArguments(words)).toMatchObject({
      reproducePath: 'a.png',
      image: { path: 'in.png', strength: undefined },
      modelId: 'dewpoint',
      out: 'b.png',
      force: true,
      json: true,
    })
  })

  it('lists every sampler and schedule in its help', () => {
    for (const { summary } of [...Object.values(SAMPLERS), ...Object.values(SCHEDULES)])
      expect(USAGE).toContain(summary)
  })

  it('may ask for help with anything', () => {
    expect(parseGenerateArguments(['--help'])).toBeNull()
  })
})
