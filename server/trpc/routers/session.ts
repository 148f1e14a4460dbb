import { meSchema } from '#contracts/generation.ts'
import { getMe } from '../../users/get-me.ts'
import { publicProcedure, router } from '../init.ts'

export const sessionRouter = router({
  /** null: nobody is signed in yet, not even as a guest. */
  me: publicProcedure.output(meSchema.nullable()).query(async ({ ctx }) => {
    const user = await ctx.getUser()
    return user === null ? null : getMe(ctx.container.deps, { userId: user.id })
  }),
})
