'use client'
// The sizes the model offers, as drawings of their shape.
import type { StudioModel } from '#app/draft/draft.ts'
import { messages } from '#app/messages/index.ts'
import { Choice } from '#app/ui/choice.tsx'

/** Longer side of the drawing. */
const DRAWING_PX = 20

interface ShapeChoiceProps {
  model: StudioModel
  width: number
  height: number
  onChange: (size: { width: number; height: number }) => void
}

export function ShapeChoice({ model, width, height, onChange }: ShapeChoiceProps) {
  const t = messages.studio
  const name = (size: { width: number; height: number }) =>
    size.width === size.height ? t.shapes.square : size.width < size.height ? t.shapes.portrait : t.shapes.landscape
  return (
    <Choice
      label={t.shape}
      value={`${width}x${height}`}
      options={model.sizes.map((size) => {
        const scale = DRAWING_PX / Math.max(size.width, size.height)
        return {
          value: `${size.width}x${size.height}`,
          name: `${name(size)}, ${t.shapeName(size.width, size.height)}`,
          content: (
            <span className="flex items-center gap-2.5">
              <span
                aria-hidden
                className="rounded-[3px] border-[1.5px] border-current"
                style={{ width: size.width * scale, height: size.height * scale }}
              />
              <span>{t.shapeName(size.width, size.height)}</span>
            </span>
          ),
        }
      })}
      onChange={(value) => {
        const size = model.sizes.find((one) => `${one.width}x${one.height}` === value)
        if (size) onChange({ width: size.width, height: size.height })
      }}
    />
  )
}
