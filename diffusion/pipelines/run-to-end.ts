// The simplest owner of a run: advances it until it is done, then decodes.
import { throwIfAborted } from '../errors.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import type { Run, StepReport } from './run.ts'

export interface RunToEndOptions {
  readonly onProgress?: (report: StepReport, run: Run) => void
  readonly signal?: AbortSignal
}

export async function runToEnd(run: Run, { onProgress, signal }: RunToEndOptions = {}): Promise<RgbImage> {
  while (!run.done) {
    throwIfAborted(signal)
    // Its own statement: an optional call does not evaluate its arguments where there is no callback.
    const report = await run.advance()
    onProgress?.(report, run)
  }
  throwIfAborted(signal)
  return run.decode()
}
