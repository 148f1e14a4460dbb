// The limits every side enforces, in one place, each with the reason for its number.

/** Longest prompt in UTF-16 code units: five dense pages, far past any text encoder, small enough for a URL-free JSON body. */
export const PROMPT_LENGTH_MAX = 5_000
/** Diffusion gains nothing past this, and the product promises 1 to 150. */
export const STEPS_MIN = 1
export const STEPS_MAX = 150
/** Latents are 8 or 16 times smaller than the picture, so sides come in multiples of 8 (a model may ask for more). */
export const SIZE_MULTIPLE_PX = 8
export const SIZE_MIN_PX = 64
/** 2048: the largest side the tiled decoder is tested at. */
export const SIZE_MAX_PX = 2_048
export const COUNT_MAX = 4
/** Seeds are what one Philox key and A1111 metadata hold: an unsigned 32-bit integer. */
export const SEED_MAX = 0xffff_ffff
export const GUIDANCE_SCALE_MIN = 0
/** Past 30 pictures burn out in every published model; A1111 stops there too. */
export const GUIDANCE_SCALE_MAX = 30
/** A phone photo fits; a decompression bomb's file may too, which is why pixels are limited separately. */
export const UPLOAD_SIZE_MAX_BYTES = 20 * 1024 * 1024
export const UPLOAD_PIXELS_MAX = 40_000_000
export const UPLOAD_CONTENT_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/avif'] as const
export type UploadContentType = (typeof UPLOAD_CONTENT_TYPES)[number]

/** LoRAs and embeddings of one picture: each is read and merged when the model is loaded with them. */
export const NETWORKS_MAX = 8
