import { z } from 'zod'
import { modelSchema, networkSchema } from '#contracts/api.ts'
import { readInstalledNetworks } from '../../models/installed-networks.ts'
import { listModels } from '../../models/list-models.ts'
import { publicProcedure, router } from '../init.ts'

export const modelRouter = router({
  list: publicProcedure.output(z.array(modelSchema)).query(({ ctx }) => listModels(ctx.container.deps)),
  /** LoRAs and embeddings prompts may name. */
  networks: publicProcedure
    .output(z.array(networkSchema))
    .query(({ ctx }) => readInstalledNetworks(ctx.container.deps.models.root)),
})
