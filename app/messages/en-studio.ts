// The English catalogue, the Studio: its form, what it says of a prompt, and of the recipe of a dropped picture.
import type { OptionalSetting } from '#contracts/settings.ts'
import { count } from './format.ts'

interface SettingWords {
  readonly label: string
  readonly hint?: string
  /** By value; `absent` where none is chosen and no value says what that means. */
  readonly choices?: Readonly<Record<string, { readonly label: string; readonly summary: string }>>
}

const OPTIONAL: Readonly<Record<OptionalSetting, SettingWords>> = {
  guidanceRescale: {
    label: 'Guidance rescale',
    hint: 'Takes back contrast that strong guidance adds. 0 is off, 0.7 is usual.',
  },
  eta: { label: 'Eta', hint: 'How much fresh noise this sampler adds after each step. 0 adds none.' },
  sChurn: { label: 'Churn', hint: 'Noise stirred in before each step and removed again. 0 is off.' },
  sNoise: { label: 'Noise scale', hint: 'How large fresh noise is. A little over 1 keeps more detail.' },
  sdeNoise: {
    label: 'Noise along the way',
    choices: {
      absent: { label: 'Fresh', summary: 'Drawn step by step from the seed.' },
      'torchsde-cpu': {
        label: 'torchsde, on a CPU',
        summary: 'As ComfyUI draws it, so its pictures come out alike. Slower.',
      },
      'torchsde-cuda': {
        label: 'torchsde, on a graphics card',
        summary: 'As AUTOMATIC1111 draws it, so its pictures come out alike. Slower.',
      },
    },
  },
  rho: { label: 'Schedule bend', hint: 'How strongly this schedule gathers its steps at low noise.' },
  zeroTerminalSnr: {
    label: 'Start from pure noise',
    choices: {
      absent: { label: 'As the model says', summary: 'What it was trained on.' },
      true: {
        label: 'On',
        summary: 'Very dark and very bright pictures become possible, where a model was trained so.',
      },
      false: { label: 'Off', summary: 'A trace of the picture’s average stays in the first step.' },
    },
  },
  noise: {
    label: 'Noise',
    choices: {
      philox: { label: 'A graphics card draws it', summary: 'The same seed gives the same noise everywhere.' },
      mt19937: { label: 'A CPU draws it', summary: 'What seeds of ComfyUI, InvokeAI and Fooocus mean.' },
    },
  },
  variation: {
    label: 'Variation',
    hint: 'Mixes in the noise of a second seed. 0 is off; a little gives a sister of the same picture.',
  },
  weighting: {
    label: 'Weights',
    choices: {
      a1111: { label: 'As AUTOMATIC1111', summary: '(word:1.2) makes a word count more or less.' },
      compel: { label: 'As InvokeAI and ComfyUI', summary: 'The same brackets, acting more strongly.' },
      none: { label: 'None', summary: 'Brackets are ordinary characters.' },
    },
  },
  tiling: {
    label: 'Seamless edges',
    choices: {
      absent: { label: 'Off', summary: 'An ordinary picture.' },
      x: { label: 'Left to right', summary: 'Its left and right edges meet without a seam.' },
      y: { label: 'Top to bottom', summary: 'Its top and bottom edges meet without a seam.' },
      xy: { label: 'Both ways', summary: 'It can be laid out as a tile.' },
    },
  },
}

const labelsOf = <Name extends string>(words: Readonly<Record<Name, SettingWords>>): Record<Name, string> =>
  Object.fromEntries(Object.entries<SettingWords>(words).map(([name, { label }]) => [name, label])) as Record<
    Name,
    string
  >

export const enStudio = {
  studio: {
    title: 'Studio',
    prompt: 'Prompt',
    promptPlaceholder: 'Describe the picture you want to see',
    negative: 'Negative prompt',
    negativeHint: 'What to keep out of the picture.',
    negativePlaceholder: 'blurry, text',
    shape: 'Shape',
    shapeName: (width: number, height: number): string => `${width} × ${height}`,
    shapes: { square: 'Square', portrait: 'Portrait', landscape: 'Landscape' },
    shapeFixed: 'This model makes one size.',
    count: 'Pictures',
    countOption: (n: number): string => count(n, '1 picture', '# pictures'),
    model: 'Model',
    advanced: 'Advanced',
    settings: 'Settings',
    settingsTitle: 'Picture settings',
    done: 'Done',
    changed: (n: number): string => count(n, '1 changed', '# changed'),
    reset: (what: string): string => `Reset ${what.toLowerCase()}`,
    steps: 'Steps',
    stepsHint: 'How often the picture is refined. More takes longer; past 50 little changes.',
    guidance: 'Guidance',
    guidanceHint: 'How closely the picture follows the words. Too high looks burnt.',
    sampler: 'Sampler',
    samplerGroups: {
      deterministic: 'Same picture every time',
      ancestral: 'Fresh noise at each step',
      sde: 'Noise from the equation',
      'few-step': 'For very few steps',
    },
    schedule: 'Schedule',
    seed: 'Seed',
    seedHint: 'The noise the picture grows from. The same seed and settings give the same picture.',
    seedRandom: 'Random each time',
    seedDice: 'Draw a new seed',
    seedLock: 'Keep this seed',
    seedUnlock: 'Use a random seed each time',
    optional: {
      label: 'More settings',
      groups: { sampling: 'Sampling', noise: 'Noise', other: 'Words and edges' },
      variationSeed: 'Second seed',
      variationDice: 'Draw a new second seed',
      settings: OPTIONAL,
    },
    input: 'Start from a picture',
    inputHint: 'Drop, paste or choose one. PNG, JPEG, WebP or AVIF, up to 20 MB.',
    inputChoose: 'Choose a picture',
    inputRemove: 'Remove picture',
    inputAlt: 'The picture to start from',
    inputDrop: 'Drop to start from this picture, or to restore its settings',
    inputUploading: (percent: number): string => `Uploading, ${percent} %`,
    inputChecking: 'Checking the picture',
    inputReady: (width: number, height: number): string => `${width} × ${height}, fitted to the shape`,
    inputFailed: 'The picture did not arrive. Check the connection and try again.',
    strength: 'Strength',
    strengthHint: 'How far the result may move away from your picture.',
    generate: (n: number): string => `Generate ${n}`,
    allowance: (left: number, limit: number): string => `${left} of ${limit} left today`,
    allowanceOut: 'Nothing left today',
    allowanceMore: 'Create an account for more',
    cost: (n: number, left: number): string => `Uses ${n} of your ${left} left today`,
    emptyTitle: 'Write a sentence. Watch it become a picture.',
    emptyHint: 'Or start with one of these:',
    feed: 'Your pictures',
    feedMore: 'All pictures in History',
    feedLoading: 'Loading your pictures',
    loadFailed: 'Your pictures could not be loaded.',
    modelsFailed: 'The list of models could not be loaded.',
    tryAgain: 'Try again',
    offline: 'Connection lost. Pictures go on forming; this page catches up when it is back.',
    promptMissing: 'Write what you want to see first.',
    promptTooLong: (max: number): string => `A prompt has at most ${max.toLocaleString('en')} characters.`,
    noWorker: 'Nothing is running this model right now. Pictures wait in line until a worker is back.',
    promptTaken: 'Prompt taken over from the shared picture',
    noModels: 'No model is installed here.',
    noModelsHint: 'Put one into the models folder and reload this page.',
    cancelConfirm: 'Stopped. Nothing was charged for pictures that did not finish.',
  },

  promptNotes: {
    tokens: (n: number, max: number, windows: number): string =>
      `${count(n, '1 token', '# tokens')}${windows > 1 ? `, ${windows} windows` : ''} of ${max}`,
    weight: (words: string, weight: number): string =>
      `${words} × ${weight.toLocaleString('en', { maximumFractionDigits: 2 })}`,
    times: (weight: number): string => `× ${weight.toLocaleString('en', { maximumFractionDigits: 2 })}`,
    problem: (words: string, message: string): string => `“${words}” ${message}.`,
    more: (n: number): string => count(n, 'and 1 more', 'and # more'),
  },

  restore: {
    title: 'This picture has its recipe',
    from: (program: string, version: string | undefined): string =>
      `Made with ${program}${version === undefined ? '' : ` (${version})`}. Nothing changes until you say so.`,
    programs: {
      dewpoint: 'Dewpoint',
      a1111: 'AUTOMATIC1111 or a program like it',
      comfyui: 'ComfyUI',
      invokeai: 'InvokeAI',
      fooocus: 'Fooocus',
      ruinedfooocus: 'RuinedFooocus',
      swarmui: 'SwarmUI',
      novelai: 'NovelAI',
      easydiffusion: 'Easy Diffusion',
      drawthings: 'Draw Things',
    },
    fields: {
      modelId: 'Model',
      prompt: 'Prompt',
      negativePrompt: 'Negative prompt',
      seed: 'Seed',
      steps: 'Steps',
      sampler: 'Sampler',
      schedule: 'Schedule',
      guidanceScale: 'Guidance',
      width: 'Width',
      height: 'Height',
      strength: 'Strength',
      ...labelsOf(OPTIONAL),
      size: 'Shape',
    },
    restored: (n: number): string => count(n, '1 setting as it was', '# settings as they were'),
    translated: (n: number): string => count(n, '1 setting translated', '# settings translated'),
    ignored: (n: number): string => count(n, '1 setting left out', '# settings left out'),
    problems: 'Found in the file',
    setBack: 'not set, as in this picture',
    wasNow: (from: string, to: string): string => `${from} → ${to}`,
    missingModel: (name: string): string => `Its model, ${name}, is not installed here. Yours stays.`,
    unnamedModel: 'unnamed',
    otherShape: (offered: string): string => `This model makes ${offered}`,
    accept: 'Restore settings',
    useAsInput: 'Start from the picture',
    done: 'Settings restored from the picture',
  },
}
