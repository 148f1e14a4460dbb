// Strangers' bytes → an upright, opaque 8-bit sRGB PNG without metadata, or the reason why not. Runs in the image process only.
import { fileTypeFromBuffer } from 'file-type'
import sharp, { type Sharp } from 'sharp'
import { SIZE_MAX_PX, UPLOAD_PIXELS_MAX } from '#contracts/limits.ts'
import type { ImageJob, ImageReply } from './messages.ts'

/** By content. An animated PNG is a PNG whose first picture we take. */
const TYPES: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/apng': 'png',
  'image/jpeg': 'jpeg',
  'image/webp': 'webp',
  'image/avif': 'heif',
}
/** Longer strips are no pictures, and cropping one to a square would magnify a few pixels a hundredfold. */
const ASPECT_RATIO_MAX = 100

/** Only the decoders we promise: libvips knows many more, each with its own history of holes. */
export function restrictDecoders(): void {
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadHeif'],
  })
  sharp.cache(false)
  // One picture must not take every core from the website.
  sharp.concurrency(1)
}

export async function runImageJob(job: ImageJob): Promise<ImageReply> {
  try {
    const refusal = await inspect(job.bytes)
    if (refusal !== null) return refusal
    return await encode(
      job.kind === 'sanitize'
        ? shrink(normalise(job.bytes))
        : normalise(job.bytes).resize(job.width, job.height, { fit: 'cover' }),
    )
  } catch (error) {
    return refuse('upload.unreadable', error instanceof Error ? error.message : String(error))
  }
}

/** null: worth decoding. Reads headers only. */
async function inspect(bytes: Uint8Array): Promise<ImageReply | null> {
  const type = await fileTypeFromBuffer(bytes)
  const expected = TYPES[type?.mime ?? '']
  if (expected === undefined) return refuse('upload.unreadable', `The content is ${type?.mime ?? 'of no known type'}`)
  const { format, width, height } = await sharp(bytes, { limitInputPixels: false }).metadata()
  if (format !== expected) return refuse('upload.unreadable', `It begins like ${expected} but decodes as ${format}`)
  if (width * height > UPLOAD_PIXELS_MAX) {
    return refuse('upload.too-large', `${width}x${height} are more than ${UPLOAD_PIXELS_MAX} pixels`)
  }
  if (Math.max(width, height) > ASPECT_RATIO_MAX * Math.min(width, height)) {
    return refuse(
      'upload.unreadable',
      `${width}x${height} is a strip: sides differ more than ${ASPECT_RATIO_MAX} times`,
    )
  }
  return null
}

function normalise(bytes: Uint8Array): Sharp {
  return sharp(bytes, { limitInputPixels: UPLOAD_PIXELS_MAX, failOn: 'warning', animated: false })
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
}

/** No recipe is larger than SIZE_MAX_PX a side, so nothing it could show is lost; the stored file is bounded. */
function shrink(picture: Sharp): Sharp {
  return picture.resize(SIZE_MAX_PX, SIZE_MAX_PX, { fit: 'outside', withoutEnlargement: true })
}

/** sharp keeps no metadata unless told to. Fixed options: the hash of the result is part of the recipe. */
async function encode(picture: Sharp): Promise<ImageReply> {
  const { data, info } = await picture.png().toBuffer({ resolveWithObject: true })
  return { kind: 'picture', png: data, width: info.width, height: info.height }
}

const refuse = (code: 'upload.unreadable' | 'upload.too-large', detail: string): ImageReply => ({
  kind: 'refused',
  code,
  detail: detail.slice(0, 2_000),
})
