// One claimed job from claim to completion: input in, run, progress out, picture up, done. Ends in exactly one of complete,
// fail, release, or silence when the job is no longer ours.
import type { Logger } from 'pino'
import type { Preview } from '#contracts/generation.ts'
import type { Job, JobRef } from '#contracts/worker-protocol.ts'
import type { RgbImage } from '#diffusion/images/rgb-image.ts'
import type { EngineHandle } from '../engine/engine-client.ts'
import { EngineError } from '../engine/engine-client.ts'
import { decodeInput } from '../picture/decode-input.ts'
import type { Picture } from '../picture/encode-picture.ts'
import { downloadInput, isTransferRetryable, uploadPicture } from './artifacts.ts'
import { type GatewayClient, gatewayErrorCode, isRetryable } from './gateway-client.ts'
import { createProgressReporter } from './progress-reporter.ts'
import { retry } from './retry.ts'

/** Why a job's signal was aborted; decides whether the website is still told. */
export type StopReason = 'canceled' | 'lost' | 'released'

export interface JobDeps {
  readonly gateway: GatewayClient
  readonly engine: EngineHandle
  readonly log: Logger
  readonly now: () => number
}

/** A website that is away comes back, or the job is lost and its signal aborted. */
const GATEWAY_ATTEMPTS = Number.POSITIVE_INFINITY
/** An input that cannot be fetched costs nothing yet. */
const DOWNLOAD_ATTEMPTS = 6
/** A finished picture is minutes of work: it waits for the bucket as long as the job is ours. */
const UPLOAD_ATTEMPTS = Number.POSITIVE_INFINITY
/** The protocol's limit. */
const REASON_LENGTH_MAX = 2_000

/** Never rejects: whatever goes wrong is told to the website and the log. `stop` aborts with a StopReason. */
export async function runJob(deps: JobDeps, job: Job, stop: AbortController): Promise<void> {
  const { gateway, now } = deps
  const ref: JobRef = { jobId: job.jobId, attempt: job.attempt, workerId: job.workerId }
  const log = deps.log.child(ref)
  const startedMs = now()
  const persist = <T>(run: () => Promise<T>) =>
    retry(run, {
      signal: stop.signal,
      isRetryable,
      attempts: GATEWAY_ATTEMPTS,
      onRetry: (error) => log.warn({ err: error }, 'the website does not answer; trying again'),
    })
  try {
    const input = await readInput(job, stop.signal)
    const picture = await makePicture(deps, job, ref, input, stop)
    await retry(
      async () =>
        uploadPicture(
          await persist(() =>
            gateway.presign({ ...ref, sizeBytes: picture.png.length, sha256: picture.sha256 }, stop.signal),
          ),
          picture.png,
          stop.signal,
        ),
      { signal: stop.signal, isRetryable: isTransferRetryable, attempts: UPLOAD_ATTEMPTS },
    )
    const { sha256, width, height, thumbhash } = picture
    const durationMs = Math.round(now() - startedMs)
    const completion = { ...ref, sha256, sizeBytes: picture.png.length, width, height, thumbhash, durationMs }
    await persist(() => gateway.complete(completion, stop.signal))
    log.info({ durationMs }, 'picture done')
  } catch (error) {
    await endBadly(deps, ref, error, stop)
  }
}

async function readInput(job: Job, signal: AbortSignal): Promise<RgbImage | undefined> {
  const { input } = job.recipe
  if (input === undefined) return undefined
  const { inputUrl } = job
  if (inputUrl === null) throw new RangeError('The recipe starts from a picture, but the job carries no URL of one')
  const file = await retry(() => downloadInput(inputUrl, input.hash, signal), {
    signal,
    isRetryable: isTransferRetryable,
    attempts: DOWNLOAD_ATTEMPTS,
  })
  return decodeInput(file, job.recipe)
}

/** Runs the recipe and reports each step; the website's answer to a report may stop the run. */
async function makePicture(
  deps: JobDeps,
  job: Job,
  ref: JobRef,
  input: RgbImage | undefined,
  stop: AbortController,
): Promise<Picture> {
  const reporter = createProgressReporter<Parameters<GatewayClient['progress']>[0]>(async (report) => {
    try {
      const reply = await deps.gateway.progress(report, stop.signal)
      // The next heartbeat says whether it was canceled or lost; to the run it is the same.
      if (reply.stop) stop.abort('canceled' satisfies StopReason)
    } catch (error) {
      // The next report makes up for this one, and heartbeats keep the job ours.
      if (!stop.signal.aborted) deps.log.debug({ ...ref, err: error }, 'a progress report did not arrive')
    }
  })
  const picture = await deps.engine.generate({
    recipe: job.recipe,
    input,
    signal: stop.signal,
    onStep: ({ callIndex, callCount, sigma }, preview) =>
      reporter.report({ ...ref, step: callIndex, steps: callCount, sigma, preview: toPreview(preview) }),
  })
  await reporter.finish()
  stop.signal.throwIfAborted()
  return picture
}

const toPreview = ({ width, height, rgb }: RgbImage): Preview => ({
  width,
  height,
  rgb: Buffer.from(rgb.buffer, rgb.byteOffset, rgb.length).toString('base64'),
})

async function endBadly(
  { gateway, log: parent }: JobDeps,
  ref: JobRef,
  error: unknown,
  stop: AbortController,
): Promise<void> {
  const log = parent.child(ref)
  const why: StopReason | undefined = stop.signal.aborted ? stop.signal.reason : undefined
  if (why === 'canceled' || why === 'lost') return log.info({ why }, 'job dropped')
  if (gatewayErrorCode(error) === 'attempt.stale') return log.info({ why: 'lost' }, 'job dropped')
  // A few tries: should they all fail, the missing heartbeats tell the same.
  const once = { signal: new AbortController().signal, isRetryable, attempts: 4 }
  try {
    if (why === 'released') {
      await retry(() => gateway.release(ref, once.signal), once)
      return log.info('job given back')
    }
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, REASON_LENGTH_MAX)
    const retryable = error instanceof EngineError ? error.retryable : !(error instanceof RangeError)
    log.error({ err: error, retryable }, 'job failed')
    await retry(() => gateway.fail({ ...ref, reason, retryable }, once.signal), once)
  } catch (unreachable) {
    log.warn({ err: unreachable }, 'the website could not be told; it will miss the heartbeats')
  }
}
