// The pictures of --image and --mask → what a run starts from, and the proof that they are the ones a recipe names.
import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { Recipe } from '#contracts/recipe.ts'
import type { Mask } from '#diffusion/images/mask.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import { decodeInput } from '../picture/decode-input.ts'
import { prepareInput, prepareMask, prepareWhole } from '../picture/prepare-input.ts'
import { type GenerateArguments, UsageError } from './arguments.ts'

interface Size {
  readonly width: number
  readonly height: number
}

/** `own`: the picture's own size, of which a mask cuts out what is worked on. */
export type InputSize = Size | 'own'

/** Edge and surroundings of a mask nobody described, as A1111 has them. */
const MASK_DEFAULTS = { blurPx: 4, region: 'whole', paddingPx: 32 } as const

export interface RunImages {
  readonly input: RgbImage
  readonly mask: Mask | undefined
  /** As the recipe names them. */
  readonly named: { readonly hash: string; readonly mask: Recipe['mask'] }
}

/**
 * The pictures a run starts from; undefined: from noise.
 * @param own the recipe that is run again, whose pictures must be these very ones.
 * @param size of the pictures to be made.
 * @throws UsageError when one is missing, cannot be read, or is another than the recipe names.
 */
export async function readRunImages(
  { image, mask }: Pick<GenerateArguments, 'image' | 'mask'>,
  own: { readonly recipe: Recipe; readonly path: string; readonly option: string } | undefined,
  size: Size,
): Promise<RunImages | undefined> {
  const input = own?.recipe.input
  const ownMask = own?.recipe.mask
  if (image === undefined) {
    if (own === undefined || input === undefined) return undefined
    throw new UsageError(
      `${own.option}: ${own.path} starts from a picture it does not hold (SHA-256 ${input.hash} once prepared); give it with --image`,
    )
  }
  if (mask === undefined && own !== undefined && ownMask !== undefined)
    throw new UsageError(
      `${own.option}: ${own.path} repaints what a mask marks (SHA-256 ${ownMask.hash} once prepared); give it with --mask`,
    )
  const facts = { ...MASK_DEFAULTS, ...ownMask, ...given(mask) }
  const inputSize = mask !== undefined && facts.region === 'masked' ? 'own' : size
  const read = await readInput(image.path, inputSize)
  if (own !== undefined && input !== undefined) {
    // Prepared at the recipe's own size, whatever size is asked for now.
    const ownSize = ownMask?.region === 'masked' ? 'own' : own.recipe
    const { sha256 } = await readInput(image.path, ownSize)
    requireSame(`--image: ${image.path} is not the picture ${own.path} started from`, sha256, input.hash)
  }
  if (mask === undefined) return { input: read.image, mask: undefined, named: { hash: read.sha256, mask: undefined } }
  const marked = await readMask(mask.path, read.image)
  if (own !== undefined && ownMask !== undefined)
    requireSame(`--mask: ${mask.path} is not the mask ${own.path} was made with`, marked.sha256, ownMask.hash)
  const { blurPx, region, paddingPx } = facts
  const named = { hash: marked.sha256, blurPx, region, paddingPx }
  return { input: read.image, mask: marked.mask, named: { hash: read.sha256, mask: named } }
}

/** @throws UsageError when the file cannot be read or is no picture. */
export async function readInput(path: string, size: InputSize): Promise<{ image: RgbImage; sha256: string }> {
  return reading('--image', path, async (file) => {
    const prepared =
      size === 'own' ? await prepareWhole(file) : { ...(await prepareInput(file, size)), ...sidesOf(size) }
    return { image: await decodeInput(prepared.png, prepared), sha256: prepared.sha256 }
  })
}

/** @throws UsageError when the file cannot be read or is no picture. */
export async function readMask(path: string, size: Size): Promise<{ mask: Mask; sha256: string }> {
  return reading('--mask', path, async (file) => {
    const { png, sha256 } = await prepareMask(file, size)
    const { data, info } = await sharp(png).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
    if (info.channels !== 1) throw new RangeError(`A mask has one channel, got ${info.channels}`)
    return { mask: { ...sidesOf(size), data: new Uint8Array(data) }, sha256 }
  })
}

async function reading<T>(option: string, path: string, read: (file: Uint8Array) => Promise<T>): Promise<T> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`${option}: ${path} cannot be read`, { cause })
  })
  try {
    return await read(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(
      `${option}: ${path} could not be read as a picture (${reason}). PNG, JPEG, WebP and AVIF work.`,
      { cause },
    )
  }
}

/** @throws UsageError naming both hashes when they differ. */
function requireSame(otherwise: string, sha256: string, expected: string): void {
  if (sha256 === expected) return
  throw new UsageError(`${otherwise}: once prepared its SHA-256 is ${sha256}, the recipe names ${expected}`)
}

const sidesOf = ({ width, height }: Size): Size => ({ width, height })

/** Without what was not asked for. */
function given(mask: GenerateArguments['mask']) {
  return Object.fromEntries(
    (['blurPx', 'region', 'paddingPx'] as const).flatMap((name) => {
      const value = mask?.[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
