// What a manifest says of a model beyond its configs, found out by loading it: how its graphs are fixed, its map from latents to
// colours, and that it makes a picture at all. Takes seconds for a model of SD 1.5's size.
import { z } from 'zod'
import { SIZE_MAX_PX, SIZE_MIN_PX } from '#contracts/limits.ts'
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { resizeBilinear } from '#diffusion/images/bilinear.ts'
import { toRgbImage } from '#diffusion/images/rgb-image.ts'
import { loadModel, type Model } from '#diffusion/model/load-model.ts'
import { createNoise } from '#diffusion/noise/index.ts'
import { chunksMax } from '#diffusion/pipelines/conditioning.ts'
import { openRun } from '#diffusion/pipelines/open-run.ts'
import { runToEnd } from '#diffusion/pipelines/run-to-end.ts'
import { hasComponent } from '#diffusion/runtime/component.ts'
import { readComponentConfig } from '#diffusion/runtime/read-config.ts'
import type { ModelFiles, Runtime } from '#diffusion/runtime/runtime.ts'
import { trialRecipe } from '#recipes/trial-recipe.ts'
import { type Architecture, FAMILY_DEFAULTS, familyOf } from './check-architecture.ts'
import { fitLatentRgb, type LatentRgbSample, latentRgbPsnr } from './fit-latent-rgb.ts'

export type MeasuredFacts = Pick<
  ModelManifest,
  'family' | 'sizes' | 'fixedSize' | 'defaults' | 'latentRgb' | 'predictionType' | 'timestep' | 'textWindows'
>

export interface MeasureOptions {
  readonly runtime: Runtime
  readonly files: ModelFiles
  readonly architecture: Architecture
  readonly signal: AbortSignal
}

const unetSchema = z.looseObject({
  sample_size: z.union([z.int().positive(), z.tuple([z.int(), z.int()])]).default(64),
  cross_attention_dim: z.union([z.int(), z.array(z.int())]).optional(),
})

/** Pictures to fit the colour map on; the last is held out to state its error on. */
const SAMPLES = 5
/** A side that shows a working model in seconds also on a CPU; colours do not depend on it. */
const TRIAL_SIDE_PX = 256

/** @throws RangeError where files and layout disagree, or a named error where a graph fails. */
export async function measureModel({ runtime, files, architecture, signal }: MeasureOptions): Promise<MeasuredFacts> {
  const config = await readComponentConfig(files, 'unet', unetSchema)
  const width = config.cross_attention_dim
  const family = familyOf({ architecture, textWidth: typeof width === 'number' ? width : width?.[0] })
  const model = await loadModel({ runtime, files, manifest: provisional(family), signal })
  try {
    const { unet, vae } = model
    const side = typeof config.sample_size === 'number' ? config.sample_size : config.sample_size[0]
    const sizes = offeredSizes(unet.fixedSides ?? { height: side, width: side }, {
      scale: vae.scaleFactor,
      multiple: vae.scaleFactor * unet.sideMultiple,
      isFixed: unet.fixedSides !== undefined,
    })
    const latentRgb = await measureColours(model, trialSize(model, sizes), await hasComponent(files, 'vae_encoder'))
    await makeOnePicture(model, trialSize(model, sizes), signal)
    return {
      family,
      sizes,
      fixedSize: unet.fixedSides !== undefined,
      defaults: FAMILY_DEFAULTS[family],
      latentRgb,
      ...graphFacts(model),
    }
  } finally {
    await model.dispose()
  }
}

/** What the graphs are fixed to. */
export function graphFacts(model: Model): Pick<ModelManifest, 'predictionType' | 'timestep' | 'textWindows'> {
  const { unet, noiseSchedule } = model
  return {
    predictionType: noiseSchedule.predictionType,
    timestep: unet.timestepPerRow ? 'vector' : 'scalar',
    textWindows: unet.fixedTextLength === undefined ? null : chunksMax(model),
  }
}

type Size = ModelManifest['sizes'][number]

/** The trained square first, then upright and wide of about its area, as the model's multiple allows. */
function offeredSizes(
  latent: { readonly width: number; readonly height: number },
  { scale, multiple, isFixed }: { scale: number; multiple: number; isFixed: boolean },
): Size[] {
  const trained = {
    width: Math.min(SIZE_MAX_PX, latent.width * scale),
    height: Math.min(SIZE_MAX_PX, latent.height * scale),
  }
  if (isFixed || trained.width !== trained.height) return [trained]
  const round = (px: number) => Math.max(multiple, Math.round(px / multiple) * multiple)
  const long = round(trained.width * 1.25)
  const short = round(trained.width * 0.8)
  const isOffered = long <= SIZE_MAX_PX && short >= SIZE_MIN_PX && long !== trained.width && short !== trained.width
  if (!isOffered) return [trained]
  return [trained, { width: short, height: long }, { width: long, height: short }]
}

function trialSize({ unet, vae }: Model, [first = { width: 0, height: 0 }]: readonly Size[]): Size {
  const multiple = vae.scaleFactor * unet.sideMultiple
  const side = Math.max(multiple, Math.floor(TRIAL_SIDE_PX / multiple) * multiple)
  return unet.fixedSides !== undefined || first.width <= side ? first : { width: side, height: side }
}

/** Soft fields of colour through the autoencoder, or soft latents where it has no encoder; the decoder's picture is the truth. */
async function measureColours(
  { vae }: Model,
  { width, height }: Size,
  hasEncoder: boolean,
): Promise<ModelManifest['latentRgb']> {
  const samples: LatentRgbSample[] = []
  for (let seed = 0; seed < SAMPLES; seed++) {
    const noise = createNoise('philox', seed)
    const soft = (channels: number, to: Size) => resizeBilinear(noise.next(channels * 36), { width: 6, height: 6 }, to)
    const field = () => soft(3, { width, height }).map((value) => Math.min(1, Math.max(-1, value * 0.6)))
    const size = { channels: vae.latentChannels, width: width / vae.scaleFactor, height: height / vae.scaleFactor }
    const latents = hasEncoder
      ? (await vae.encode({ width, height, data: field() }, noise)).latents
      : soft(vae.latentChannels, size)
    samples.push({ latents, size, picture: toRgbImage(await vae.decode(latents, size)) })
  }
  const map = fitLatentRgb(samples.slice(0, -1))
  const psnrDb = latentRgbPsnr(samples.slice(-1), map)
  return { ...map, psnrDb: Number.isFinite(psnrDb) ? Number(psnrDb.toFixed(2)) : 99 }
}

async function makeOnePicture(model: Model, size: Size, signal: AbortSignal): Promise<void> {
  const recipe = { ...trialRecipe(model.manifest, { steps: 2 }), ...size }
  await runToEnd(await openRun(model, { recipe, signal }))
}

/** Loading needs one; nothing of this is kept. */
function provisional(family: ModelManifest['family']): ModelManifest {
  return {
    manifestVersion: 1,
    id: 'measured',
    name: 'measured',
    summary: 'measured',
    license: 'measured',
    family,
    sizes: [{ width: TRIAL_SIDE_PX, height: TRIAL_SIDE_PX }],
    fixedSize: false,
    defaults: FAMILY_DEFAULTS[family],
    latentRgb: { weights: [[0, 0, 0]], bias: [0, 0, 0], psnrDb: 0 },
    examples: ['a panda'],
    files: {},
    hash: '0'.repeat(64),
  }
}
