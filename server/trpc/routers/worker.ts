// The worker gateway: the only door workers have. They hold a bearer token and nothing else.

import { z } from 'zod'
import { DewpointError } from '#contracts/errors.ts'
import {
  claimReplySchema,
  claimSchema,
  completeSchema,
  failSchema,
  heartbeatReplySchema,
  heartbeatSchema,
  helloReplySchema,
  helloSchema,
  presignReplySchema,
  presignSchema,
  progressReplySchema,
  progressSchema,
  releaseSchema,
} from '#contracts/worker-protocol.ts'
import { claimJobs } from '../../workers/claim-jobs.ts'
import { completeJob } from '../../workers/complete-job.ts'
import { failJob } from '../../workers/fail-job.ts'
import { heartbeat } from '../../workers/heartbeat.ts'
import { hello } from '../../workers/hello.ts'
import { presignResult } from '../../workers/presign-result.ts'
import { releaseJob } from '../../workers/release-job.ts'
import { reportProgress } from '../../workers/report-progress.ts'
import { router, workerProcedure } from '../init.ts'

/** Work is handed out by a website that will be there to take it back; what already runs may still be reported. */
function refuseWhileStopping(closing: AbortSignal): void {
  if (closing.aborted) throw new DewpointError('server.stopping')
}

const okSchema = z.object({ ok: z.literal(true) })

export const workerRouter = router({
  hello: workerProcedure
    .input(helloSchema)
    .output(helloReplySchema)
    .mutation(({ ctx, input }) => {
      refuseWhileStopping(ctx.container.closing)
      return hello(ctx.container.gateway, input)
    }),

  claim: workerProcedure
    .input(claimSchema)
    .output(claimReplySchema)
    .mutation(async ({ ctx, input, signal }) => {
      const { closing } = ctx.container
      refuseWhileStopping(closing)
      const stop = AbortSignal.any([closing, ...(signal === undefined ? [] : [signal])])
      const { jobs } = await claimJobs(ctx.container.gateway, { ...input, signal: stop })
      // "Nothing to do" would bring the worker back at once, to a website that waits for it to go.
      if (jobs.length === 0) refuseWhileStopping(closing)
      return { jobs }
    }),

  heartbeat: workerProcedure
    .input(heartbeatSchema)
    .output(heartbeatReplySchema)
    .mutation(({ ctx, input }) => heartbeat(ctx.container.gateway, input)),

  progress: workerProcedure
    .input(progressSchema)
    .output(progressReplySchema)
    .mutation(({ ctx, input }) => reportProgress(ctx.container.gateway, input)),

  presign: workerProcedure
    .input(presignSchema)
    .output(presignReplySchema)
    .mutation(({ ctx, input }) => presignResult(ctx.container.gateway, input)),

  complete: workerProcedure
    .input(completeSchema)
    .output(okSchema)
    .mutation(({ ctx, input }) => completeJob(ctx.container.gateway, input)),

  fail: workerProcedure
    .input(failSchema)
    .output(okSchema)
    .mutation(({ ctx, input }) => failJob(ctx.container.gateway, input)),

  release: workerProcedure
    .input(releaseSchema)
    .output(okSchema)
    .mutation(({ ctx, input }) => releaseJob(ctx.container.gateway, input)),
})
