import { tracked } from '@trpc/server'
import {
  cancelGenerationSchema,
  followEventsSchema,
  generationPageSchema,
  generationRefSchema,
  listGenerationsSchema,
} from '#contracts/api.ts'
import { checkImageSchema, createGenerationSchema, generationSchema } from '#contracts/generation.ts'
import { followEvents } from '../../events/follow-events.ts'
import { whileSignedIn } from '../../events/while-signed-in.ts'
import { cancelGeneration } from '../../generations/cancel-generation.ts'
import { checkImage } from '../../generations/check-image.ts'
import { createGeneration } from '../../generations/create-generation.ts'
import { deleteGeneration } from '../../generations/delete-generation.ts'
import { getGeneration } from '../../generations/get-generation.ts'
import { listGenerations } from '../../generations/list-generations.ts'
import { restoreGeneration } from '../../generations/restore-generation.ts'
import { takeStream } from '../../guards/take-stream.ts'
import { router, userProcedure } from '../init.ts'

export const generationRouter = router({
  create: userProcedure
    .input(createGenerationSchema)
    .output(generationSchema)
    .mutation(({ ctx, input, signal }) =>
      createGeneration(ctx.container.deps, { ...input, userId: ctx.user.id, signal }),
    ),

  check: userProcedure
    .input(checkImageSchema)
    .output(generationSchema)
    .mutation(({ ctx, input }) => checkImage(ctx.container.deps, { ...input, userId: ctx.user.id })),

  list: userProcedure
    .input(listGenerationsSchema)
    .output(generationPageSchema)
    .query(({ ctx, input }) =>
      listGenerations(ctx.container.deps, { userId: ctx.user.id, cursor: input.cursor ?? null, limit: input.limit }),
    ),

  get: userProcedure
    .input(generationRefSchema)
    .output(generationSchema)
    .query(({ ctx, input }) => getGeneration(ctx.container.deps, { userId: ctx.user.id, id: input.id })),

  cancel: userProcedure
    .input(cancelGenerationSchema)
    .output(generationSchema)
    .mutation(({ ctx, input }) => cancelGeneration(ctx.container.deps, { ...input, userId: ctx.user.id })),

  delete: userProcedure
    .input(generationRefSchema)
    .output(generationRefSchema)
    .mutation(({ ctx, input }) => deleteGeneration(ctx.container.deps, { userId: ctx.user.id, id: input.id })),

  restore: userProcedure
    .input(generationRefSchema)
    .output(generationSchema)
    .mutation(({ ctx, input }) => restoreGeneration(ctx.container.deps, { userId: ctx.user.id, id: input.id })),

  /** Every event of the person's generations, from `lastEventId` on and as they happen. */
  events: userProcedure.input(followEventsSchema).subscription(async function* ({ ctx, input, signal }) {
    const { deps, closing, guards } = ctx.container
    using _places = takeStream(guards, ctx.user.id, ctx.address)
    const stop = AbortSignal.any([closing, ...(signal === undefined ? [] : [signal])])
    const follow = { userId: ctx.user.id, lastEventId: input.lastEventId ?? null, signal: stop }
    const events = whileSignedIn(followEvents(deps, follow), { isSignedIn: () => ctx.isStill(ctx.user) })
    for await (const { seq, event } of events) yield tracked(seq, event)
  }),
})
