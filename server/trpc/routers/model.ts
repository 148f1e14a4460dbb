import { z } from 'zod'
import { modelSchema, networkSchema } from '#contracts/api.ts'
import { publicProcedure, router } from '../init.ts'

export const modelRouter = router({
  list: publicProcedure.output(z.array(modelSchema)).query(({ ctx }) => ctx.container.lists.models()),
  /** LoRAs and embeddings prompts may name. */
  networks: publicProcedure.output(z.array(networkSchema)).query(({ ctx }) => ctx.container.lists.networks()),
})
