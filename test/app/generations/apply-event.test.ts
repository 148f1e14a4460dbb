import { describe, expect, it } from 'vitest'
import { announcesUnknown, applyEvent } from '#app/generations/apply-event.ts'
import { LiveSteps } from '#app/generations/live-steps.ts'
import type { GenerationEvent } from '#contracts/generation.ts'
import { GENERATION_ID, generation, image, imageId } from '../generation-fixture.ts'

const started: GenerationEvent = { type: 'started', generationId: GENERATION_ID, imageId: imageId(0), attempt: 1 }
const step = (n: number): GenerationEvent => ({
  type: 'step',
  generationId: GENERATION_ID,
  imageId: imageId(0),
  step: n,
  steps: 25,
  sigma: 1,
  preview: { width: 1, height: 1, rgb: 'AAAA' },
})
const done: GenerationEvent = {
  type: 'image',
  generationId: GENERATION_ID,
  image: image(0, { status: 'done', step: 25, queuePosition: null, url: '/api/images/x' }),
}

describe('applyEvent', () => {
  it('takes an image from the queue to running to done', () => {
    let now = generation(image(0), image(1))
    for (const event of [started, step(1), done]) now = applyEvent(now, event) ?? now
    expect(now.images.map((one) => one.status)).toEqual(['done', 'queued'])
    expect(now.images[0]?.url).toBe('/api/images/x')
  })

  it('keeps an ended image ended when older events are replayed', () => {
    const ended = applyEvent(generation(image(0)), done)
    expect(ended).not.toBeNull()
    for (const event of [started, step(3)]) expect(ended && applyEvent(ended, event)).toBe(ended)
  })

  it('returns the same object when the event is about another generation or changes nothing', () => {
    const now = generation(image(0, { status: 'running' }))
    expect(applyEvent(now, { ...started, generationId: crypto.randomUUID() })).toBe(now)
    expect(applyEvent(now, started)).toBe(now)
    expect(applyEvent(now, step(2))).toBe(now)
  })

  it('takes a deleted generation away, and only that one', () => {
    const now = generation(image(0))
    expect(applyEvent(now, { type: 'deleted', generationId: GENERATION_ID })).toBeNull()
    expect(applyEvent(now, { type: 'deleted', generationId: crypto.randomUUID() })).toBe(now)
  })

  it('puts an image back in the queue when its worker was lost', () => {
    const now = generation(image(0, { status: 'running', queuePosition: null }))
    const next = applyEvent(now, {
      type: 'queued',
      generationId: GENERATION_ID,
      imageId: imageId(0),
      queuePosition: 3,
    })
    expect(next?.images[0]).toMatchObject({ status: 'queued', queuePosition: 3 })
  })
})

describe('announcesUnknown', () => {
  it('is true for a generation the list does not hold, unless it was deleted', () => {
    expect(announcesUnknown(started, new Set())).toBe(true)
    expect(announcesUnknown(started, new Set([GENERATION_ID]))).toBe(false)
    expect(announcesUnknown({ type: 'deleted', generationId: GENERATION_ID }, new Set())).toBe(false)
  })
})

describe('LiveSteps', () => {
  it('leaves the other images as they are, so that only the one that moved is drawn again', () => {
    const live = new LiveSteps()
    live.seed(image(1, { status: 'running', step: 4 }))
    const other = live.get(imageId(1))
    live.take(step(1), 0)
    expect(live.get(imageId(1))).toBe(other)
    expect(live.get(imageId(0))).toMatchObject({ step: 1, steps: 25, preview: { rgb: 'AAAA' } })
  })

  it('keeps the last preview when a step brings none', () => {
    const live = new LiveSteps()
    live.take(step(1), 0)
    live.take({ ...step(2), preview: null } as GenerationEvent, 10)
    expect(live.get(imageId(0))).toMatchObject({ step: 2, preview: { rgb: 'AAAA' } })
  })

  it('starts from what the server says about a running image, and lets live steps win', () => {
    const live = new LiveSteps()
    live.seed(image(0, { status: 'running', step: 4 }))
    expect(live.get(imageId(0))?.step).toBe(4)
    live.take(step(9), 0)
    live.seed(image(0, { status: 'running', step: 4 }))
    expect(live.get(imageId(0))?.step).toBe(9)
  })
})
