import { z } from 'zod'
import { modelSchema, networkSchema } from '#contracts/api.ts'
import { listModels } from '../../models/list-models.ts'
import { listNetworks } from '../../models/list-networks.ts'
import { publicProcedure, router } from '../init.ts'

export const modelRouter = router({
  list: publicProcedure.output(z.array(modelSchema)).query(({ ctx }) => listModels(ctx.container.deps)),
  /** LoRAs and embeddings prompts may name. */
  networks: publicProcedure.output(z.array(networkSchema)).query(({ ctx }) => listNetworks(ctx.container.deps)),
})
