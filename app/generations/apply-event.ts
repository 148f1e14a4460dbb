// What an event makes of a generation the page already shows. Replays are harmless: an image that ended stays ended.
import type { GenerationDto, GenerationEvent, ImageDto, ImageStatus } from '#contracts/generation.ts'

const ENDED: ReadonlySet<ImageStatus> = new Set(['done', 'failed', 'canceled'])

export function hasEnded(image: ImageDto): boolean {
  return ENDED.has(image.status)
}

function changeImage(generation: GenerationDto, imageId: string, change: (image: ImageDto) => ImageDto): GenerationDto {
  let changed = false
  const images = generation.images.map((image) => {
    if (image.id !== imageId || hasEnded(image)) return image
    const next = change(image)
    if (next !== image) changed = true
    return next
  })
  return changed ? { ...generation, images } : generation
}

/** The generation after the event; the same object when nothing changed, null when it is gone. */
export function applyEvent(generation: GenerationDto, event: GenerationEvent): GenerationDto | null {
  if (event.type === 'deleted') return event.generationId === generation.id ? null : generation
  if (event.generationId !== generation.id) return generation
  switch (event.type) {
    case 'queued':
      return changeImage(generation, event.imageId, (image) => ({
        ...image,
        status: 'queued',
        queuePosition: event.queuePosition,
      }))
    case 'started':
      return changeImage(generation, event.imageId, (image) =>
        image.status === 'running' ? image : { ...image, status: 'running', queuePosition: null },
      )
    case 'step':
      // Steps and previews go to the live store; the list only needs to know that the image runs.
      return changeImage(generation, event.imageId, (image) =>
        image.status === 'running' ? image : { ...image, status: 'running', queuePosition: null, steps: event.steps },
      )
    case 'image':
      return changeImage(generation, event.image.id, () => event.image)
    default:
      return event satisfies never
  }
}

/** Whether the event is about a generation the page does not show yet, so that the list must be read again. */
export function announcesUnknown(event: GenerationEvent, known: ReadonlySet<string>): boolean {
  return event.type !== 'deleted' && !known.has(event.generationId)
}
