// The comparison's own thread: decodes two picture files and compares them, so that the page stays responsive with large ones.
import { comparePictures, type DecodedPicture, differenceImage } from '#diffusion/images/compare-pictures.ts'
import type { ComparedFiles, CompareReply, CompareRequest } from './compare-files.ts'

/** Only what is used here: the page's types and a worker's cannot both be in one project. */
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<CompareRequest>) => void) | null
  postMessage(message: CompareReply): void
}

scope.onmessage = ({ data: { before, after } }) => {
  compare(before, after).then(
    (result) => scope.postMessage({ result }),
    (error: unknown) => scope.postMessage({ problem: error instanceof Error ? error.message : String(error) }),
  )
}

async function compare(before: Uint8Array<ArrayBuffer>, after: Uint8Array<ArrayBuffer>): Promise<ComparedFiles> {
  const [a, b] = await Promise.all([decode(before), decode(after)])
  const sizes = { before: { width: a.width, height: a.height }, after: { width: b.width, height: b.height } }
  const bytesMatch = before.length === after.length && before.every((value, at) => value === after[at])
  const comparison = comparePictures(a, b)
  if (comparison.largestDifference === null) return { ...sizes, bytesMatch, comparison, difference: null }
  const { rgba, gain } = differenceImage(a, b)
  const canvas = new OffscreenCanvas(a.width, a.height)
  contextOf(canvas).putImageData(new ImageData(rgba, a.width, a.height), 0, 0)
  return { ...sizes, bytesMatch, comparison, difference: { png: await canvas.convertToBlob(), gain } }
}

/** Values as they are in the file: no colour management, no premultiplying. */
async function decode(file: Uint8Array<ArrayBuffer>): Promise<DecodedPicture> {
  const options = { premultiplyAlpha: 'none', colorSpaceConversion: 'none' } as const
  const bitmap = await createImageBitmap(new Blob([file]), options)
  try {
    const { width, height } = bitmap
    const context = contextOf(new OffscreenCanvas(width, height))
    context.drawImage(bitmap, 0, 0)
    const rgba = context.getImageData(0, 0, width, height).data
    return { width, height, rgba, hasAlpha: rgba.some((value, at) => at % 4 === 3 && value !== 255) }
  } finally {
    bitmap.close()
  }
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) throw new TypeError('This browser gives workers no 2D canvas')
  return context
}
