import { z } from 'zod'
import { modelSchema } from '#contracts/api.ts'
import { listModels } from '../../models/list-models.ts'
import { publicProcedure, router } from '../init.ts'

export const modelRouter = router({
  list: publicProcedure.output(z.array(modelSchema)).query(({ ctx }) => listModels(ctx.container.deps)),
})
