// Before a picture's first step: is this device able to run the model, and is the model here? If it is not, the person is asked
// first, sees it arrive, and may pause; what has arrived is never transferred twice.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import type { DeviceEngine } from '../engine/device-engine.ts'
import { DeviceError } from '../engine/device-error.ts'
import type { Activity } from './activity.ts'
import type { DevicePicture } from './device-picture.ts'
import type { RunControl } from './run-control.ts'

interface Context {
  readonly engine: DeviceEngine
  readonly manifest: ModelManifest
  readonly control: RunControl
  readonly say: (activity: Activity) => void
}

/**
 * @returns whether there was anything to transfer.
 * @throws DeviceError `unfit`, `canceled` (the person would rather not), and what no second try would mend.
 */
export async function fetchWeightsOf(
  picture: DevicePicture,
  { engine, manifest, control, say }: Context,
): Promise<boolean> {
  const fit = await engine.assess(manifest)
  if (fit.kind === 'unfit') throw new DeviceError('unfit', fit.reason)
  if (fit.downloadBytes === 0) return false
  if (!picture.downloadAgreed) {
    say({ kind: 'asking', downloadBytes: fit.downloadBytes })
    await answered(control)
  }
  let done = fit.totalBytes - fit.downloadBytes
  let total = fit.totalBytes
  for (;;) {
    if (control.stop.signal.aborted) throw new DeviceError('canceled')
    say({ kind: 'downloading', doneBytes: done, totalBytes: total })
    try {
      await engine.fetchWeights(manifest, {
        signal: AbortSignal.any([control.stop.signal, control.pause.signal]),
        onProgress: (doneBytes, totalBytes) => {
          done = doneBytes
          total = totalBytes
          say({ kind: 'downloading', doneBytes, totalBytes })
        },
      })
      return true
    } catch (error) {
      if (control.stop.signal.aborted) throw new DeviceError('canceled')
      const isPaused = control.pause.signal.aborted
      if (!isPaused && !(error instanceof DeviceError && error.retryable)) throw error
      const problem = isPaused || !(error instanceof Error) ? null : error.message
      say({ kind: 'paused', doneBytes: done, totalBytes: total, problem })
      await answered(control)
    }
  }
}

/** Waits for the person: `resume` of the runner, or a stop. */
function answered(control: RunControl): Promise<void> {
  return new Promise<void>((resolve) => {
    control.resume = () => {
      control.resume = null
      resolve()
    }
  })
}
