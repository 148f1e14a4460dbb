// The picture and its prompt as a 1200x630 card, for chats and timelines. Drawn per request, by @vercel/og
// as Next carries it: the package on its own cannot be loaded by plain Node (its bundle asks for `require`).
import { ImageResponse } from 'next/og.js'
import sharp from 'sharp'
import { messages } from '../messages/index.ts'
import { cardText, cardTextSizePx } from './card-text.ts'

export const CARD = { width: 1200, height: 630 } as const
/** The picture's share of the card: square where it is square, never less than leaves room for words. */
const PICTURE_WIDTH = { min: 440, max: 760 } as const

const INK = '#f2f4f4'
const SURFACE = '#0d0e0f'
const ACCENT = '#67cbe0'

interface CardInput {
  /** PNG bytes. */
  readonly picture: Uint8Array
  readonly width: number
  readonly height: number
  readonly prompt: string
}

/** PNG bytes of the card. */
export async function renderCard({ picture, width, height, prompt }: CardInput): Promise<ArrayBuffer> {
  const text = cardText(prompt)
  const aspect = width / height
  const frameWidth =
    text === null
      ? CARD.width
      : Math.round(Math.min(PICTURE_WIDTH.max, Math.max(PICTURE_WIDTH.min, CARD.height * aspect)))
  const frame = await sharp(picture)
    .resize(frameWidth, CARD.height, {
      // Alone on the card a picture is shown whole; beside words it fills its side.
      fit: text === null ? 'contain' : 'cover',
      background: SURFACE,
      kernel: 'lanczos3',
    })
    .jpeg({ quality: 90 })
    .toBuffer()
  const source = `data:image/jpeg;base64,${frame.toString('base64')}`
  return new ImageResponse(
    <div style={{ display: 'flex', width: '100%', height: '100%', background: SURFACE, color: INK }}>
      {/* biome-ignore lint/performance/noImgElement: this is not a page */}
      <img src={source} alt="" width={frameWidth} height={CARD.height} />
      {text === null ? null : (
        <div
          style={{
            display: 'flex',
            flexDirection: 'column',
            justifyContent: 'space-between',
            flex: 1,
            padding: '56px 52px',
          }}
        >
          <div
            style={{
              display: 'block',
              fontSize: cardTextSizePx(text),
              lineHeight: 1.28,
              letterSpacing: '-0.02em',
              lineClamp: 8,
              wordBreak: 'break-word',
            }}
          >
            {text}
          </div>
          <div style={{ display: 'flex', alignItems: 'center', gap: 14, fontSize: 28 }}>
            {/* biome-ignore lint/a11y/noSvgWithoutTitle: satori would draw the title */}
            <svg viewBox="0 0 20 20" width="34" height="34" fill="none">
              <path
                d="M10 2.2c3 3.6 5.6 6.5 5.6 9.9a5.6 5.6 0 1 1-11.2 0c0-3.4 2.6-6.3 5.6-9.9Z"
                stroke={ACCENT}
                strokeWidth="1.6"
              />
              <path d="M5.1 11.4c1.6-1.1 3.2 1 4.9 0s3.3-1 4.9 0v1.1a4.9 4.9 0 0 1-9.8 0Z" fill={ACCENT} />
            </svg>
            {messages.name}
          </div>
        </div>
      )}
    </div>,
    CARD,
  ).arrayBuffer()
}
