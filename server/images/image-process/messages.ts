// What the server and its image process say to each other. Replies are parsed: after a hostile file nothing from that
// process is taken on trust.
import { z } from 'zod'
import { SIZE_MAX_PX, UPLOAD_PIXELS_MAX, UPLOAD_SIZE_MAX_BYTES } from '#contracts/limits.ts'

export type ImageJob =
  | { readonly kind: 'sanitize'; readonly bytes: Uint8Array }
  | { readonly kind: 'fit'; readonly bytes: Uint8Array; readonly width: number; readonly height: number }

/** Uncompressed RGB of the largest picture, and some for the container: a PNG is never much larger. */
const PNG_SIZE_MAX_BYTES = UPLOAD_PIXELS_MAX * 3 + UPLOAD_SIZE_MAX_BYTES

export const replySchema = z.discriminatedUnion('kind', [
  /** The decoder is loaded; what goes wrong from here on is the picture's doing. */
  z.object({ kind: z.literal('ready') }),
  z.object({
    kind: z.literal('picture'),
    png: z.instanceof(Uint8Array).refine((png) => png.length > 0 && png.length <= PNG_SIZE_MAX_BYTES),
    width: z.int().positive().max(UPLOAD_PIXELS_MAX),
    height: z.int().positive().max(UPLOAD_PIXELS_MAX),
  }),
  z.object({
    kind: z.literal('refused'),
    code: z.enum(['upload.unreadable', 'upload.too-large']),
    detail: z.string().max(2_000),
  }),
])
export type ImageReply = z.infer<typeof replySchema>

/** A fit asks for a recipe's size, which has been checked; this catches our own mistakes. */
export const isSide = (side: number): boolean => Number.isInteger(side) && side >= 1 && side <= SIZE_MAX_PX
