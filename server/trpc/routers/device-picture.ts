import { beginSavingReplySchema, beginSavingSchema, finishSavingSchema } from '#contracts/device-picture.ts'
import { generationSchema } from '#contracts/generation.ts'
import { beginSaving } from '../../device-pictures/begin-saving.ts'
import { finishSaving } from '../../device-pictures/finish-saving.ts'
import { router, userProcedure } from '../init.ts'

export const devicePictureRouter = router({
  begin: userProcedure
    .input(beginSavingSchema)
    .output(beginSavingReplySchema)
    .mutation(({ ctx, input }) => beginSaving(ctx.container.deps, { ...input, userId: ctx.user.id })),

  finish: userProcedure
    .input(finishSavingSchema)
    .output(generationSchema)
    .mutation(({ ctx, input }) => finishSaving(ctx.container.deps, { ...input, userId: ctx.user.id })),
})
