import { uploadRefSchema } from '#contracts/api.ts'
import { createUploadSchema, uploadSchema, uploadTicketSchema } from '#contracts/generation.ts'
import { createUpload } from '../../uploads/create-upload.ts'
import { finishUpload } from '../../uploads/finish-upload.ts'
import { router, userProcedure } from '../init.ts'

export const uploadRouter = router({
  create: userProcedure
    .input(createUploadSchema)
    .output(uploadTicketSchema)
    .mutation(({ ctx, input }) => createUpload(ctx.container.deps, { ...input, userId: ctx.user.id })),

  finish: userProcedure
    .input(uploadRefSchema)
    .output(uploadSchema)
    .mutation(({ ctx, input, signal }) => finishUpload(ctx.container.deps, { ...input, userId: ctx.user.id, signal })),
})
