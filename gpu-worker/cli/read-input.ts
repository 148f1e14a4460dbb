// The picture of --image → the pixels a run starts from, and the proof that it is the one a recipe names.
import { readFile } from 'node:fs/promises'
import type { RgbImage } from '#diffusion/pipelines/images.ts'
import { decodeInput } from '../picture/decode-input.ts'
import { prepareInput } from '../picture/prepare-input.ts'
import { UsageError } from './arguments.ts'

interface Size {
  readonly width: number
  readonly height: number
}

/** @throws UsageError when the file cannot be read or is no picture. */
export async function readInput(path: string, size: Size): Promise<{ image: RgbImage; sha256: string }> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`--image: ${path} cannot be read`, { cause })
  })
  try {
    const { png, sha256 } = await prepareInput(file, size)
    return { image: await decodeInput(png, size), sha256 }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(
      `--image: ${path} could not be read as a picture (${reason}). PNG, JPEG, WebP and AVIF work.`,
      { cause },
    )
  }
}

/** Prepared at the recipe's own size, whatever size is asked for now. @throws UsageError naming both hashes when they differ. */
export async function checkInput(path: string, size: Size, recipePath: string, expected: string): Promise<void> {
  const { sha256 } = await readInput(path, size)
  if (sha256 === expected) return
  throw new UsageError(
    `--image: ${path} is not the picture ${recipePath} started from: prepared at ${size.width}x${size.height} its SHA-256 is ${sha256}, the recipe names ${expected}`,
  )
}
