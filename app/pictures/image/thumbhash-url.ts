// The blurred stand-in for a picture that has not arrived yet, as a data URL; null when there is none to show.
import { thumbHashToDataURL } from 'thumbhash'
import { previewBytes } from './upscale-preview.ts'

export function thumbhashUrl(thumbhash: string | null): string | null {
  if (thumbhash === null) return null
  try {
    return thumbHashToDataURL(previewBytes(thumbhash))
  } catch {
    // A stand-in is not worth a broken page.
    return null
  }
}
