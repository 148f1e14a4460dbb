'use client'
// The picture while it forms: the real latents of the last step, enlarged, a little sharper with every step, each
// flowing into the next. With reduced motion each step simply replaces the one before.
import { useEffect, useRef } from 'react'
import type { Preview } from '#contracts/generation.ts'
import { previewBytes, upscalePreview } from './upscale-preview.ts'

/** Longer side of the canvas. The filter is smooth, so the browser may enlarge from here without visible pixels. */
const CANVAS_SIDE_PX = 256
/** A little longer than the steps are apart, so that one step is still flowing when the next comes. */
const FLOW_MS = 420

interface FormingCanvasProps {
  preview: Preview
  /** 0 at the first step, 1 at the last. */
  progress: number
  className?: string
}

export function FormingCanvas({ preview, progress, className }: FormingCanvasProps) {
  const ref = useRef<HTMLCanvasElement>(null)
  const shown = useRef<Uint8ClampedArray<ArrayBuffer> | null>(null)
  const scale = CANVAS_SIDE_PX / Math.max(preview.width, preview.height)
  const width = Math.round(preview.width * scale)
  const height = Math.round(preview.height * scale)

  useEffect(() => {
    const context = ref.current?.getContext('2d')
    if (!context) return
    const { width: fromWidth, height: fromHeight, rgb } = preview
    const source = { width: fromWidth, height: fromHeight, rgb: previewBytes(rgb) }
    const target = upscalePreview(source, { width, height }, progress)
    const from = shown.current?.length === target.length ? shown.current : null
    const draw = (pixels: Uint8ClampedArray<ArrayBuffer>): void => {
      shown.current = pixels
      context.putImageData(new ImageData(pixels, width, height), 0, 0)
    }
    if (from === null || matchMedia('(prefers-reduced-motion: reduce)').matches) {
      draw(target)
      return
    }
    const start = performance.now()
    let frame = requestAnimationFrame(function flow(now) {
      const t = Math.min(1, (now - start) / FLOW_MS)
      draw(t === 1 ? target : blend(from, target, t))
      if (t < 1) frame = requestAnimationFrame(flow)
    })
    return () => cancelAnimationFrame(frame)
  }, [preview, progress, width, height])

  return <canvas ref={ref} width={width} height={height} className={className} aria-hidden />
}

function blend(from: Uint8ClampedArray, to: Uint8ClampedArray, t: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(to.length)
  for (let at = 0; at < to.length; at += 1) out[at] = (from[at] ?? 0) + ((to[at] ?? 0) - (from[at] ?? 0)) * t
  return out
}
