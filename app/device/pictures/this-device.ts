'use client'
// This browser's pictures, its engine and the runner between them: one of each per page, made when first needed. The engine and
// everything below it come in a script of their own, so that a page that never uses them never loads them.
import type { LiveSteps } from '#app/generations/live-steps.ts'
import { keepFiles } from '#app/offline/offline-copy.ts'
import { toBase64 } from '../engine/base64.ts'
import type { DeviceEngine } from '../engine/device-engine.ts'
import { engineUrls } from '../engine/engine-urls.ts'
import { fetchManifest } from '../engine/fetch-manifest.ts'
import { type DevicePicture, deviceImageId, hasPictures } from './device-picture.ts'
import { DevicePictures } from './device-pictures.ts'
import { DeviceRunner } from './device-runner.ts'
import { withLock } from './locks.ts'

export const devicePictures = new DevicePictures()

let engine: Promise<DeviceEngine> | undefined

export function deviceEngine(): Promise<DeviceEngine> {
  engine ??= import('../engine/create-device-engine.ts')
    .then(({ createDeviceEngine }) => createDeviceEngine())
    .catch((error: unknown) => {
      // A script that did not come this time may come the next.
      engine = undefined
      throw error
    })
  return engine
}

let runner: DeviceRunner | undefined
let steps: LiveSteps | undefined
let whenEnded: (() => void) | undefined
let whenChanged: (() => void) | undefined

interface Page {
  /** Where the steps of this device's pictures are shown. */
  readonly live: LiveSteps
  /** A picture has ended, well or not. */
  readonly onEnded: () => void
  /** What is known of the device is not true any more: a model has come, or it was measured. */
  readonly onDeviceChanged: () => void
}

export function connectRunner({ live, onEnded, onDeviceChanged }: Page): void {
  steps = live
  whenEnded = onEnded
  whenChanged = onDeviceChanged
}

export function deviceRunner(): DeviceRunner {
  runner ??= new DeviceRunner({
    pictures: devicePictures,
    engine: deviceEngine,
    fetchManifest,
    now: () => performance.now(),
    onStep: (picture, image, { callIndex, callCount, sigma, preview }) =>
      steps?.take(
        {
          type: 'step',
          generationId: picture.id,
          imageId: deviceImageId(picture.id, image.index),
          step: callIndex,
          steps: callCount,
          sigma,
          preview: { width: preview.width, height: preview.height, rgb: toBase64(preview.rgb) },
        },
        performance.now(),
      ),
    onWeights: () => whenChanged?.(),
    onPicture: ({ provider }) => void keepFiles(engineUrls(provider)),
    onEnded: (picture) => {
      const isEmpty = !hasPictures(picture) && picture.images.every(({ status }) => status === 'canceled')
      // Stopped before anything came of it: nothing to keep.
      void (isEmpty ? devicePictures.remove(picture.id) : Promise.resolve())
        .finally(() => whenEnded?.())
        .then(() => (hasPictures(picture) ? measureOnce(picture) : undefined))
    },
  })
  return runner
}

/** How fast this device is, from a few real steps, once for each model, device and version: the engine keeps it. */
async function measureOnce({ recipe }: DevicePicture): Promise<void> {
  try {
    const [manifest, measurer] = await Promise.all([fetchManifest(recipe.model), deviceEngine()])
    if ((await measurer.storedEstimate(manifest)) !== null) return
    await withLock('dewpoint.device', () => measurer.measure(manifest))
    whenChanged?.()
  } catch {
    // An estimate is a courtesy: the next picture is another chance to make it.
  }
}
