import { imageRefSchema, shareSchema } from '#contracts/api.ts'
import { createShare } from '../../shares/create-share.ts'
import { revokeShare } from '../../shares/revoke-share.ts'
import { router, userProcedure } from '../init.ts'

export const shareRouter = router({
  create: userProcedure
    .input(imageRefSchema)
    .output(shareSchema)
    .mutation(({ ctx, input }) => createShare(ctx.container.deps, { ...input, userId: ctx.user.id })),

  revoke: userProcedure
    .input(imageRefSchema)
    .output(imageRefSchema)
    .mutation(({ ctx, input }) => revokeShare(ctx.container.deps, { ...input, userId: ctx.user.id })),
})
