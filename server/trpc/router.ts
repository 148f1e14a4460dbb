// The whole API by noun. Clients import the type alone.
import { createCallerFactory, router } from './init.ts'
import { devicePictureRouter } from './routers/device-picture.ts'
import { generationRouter } from './routers/generation.ts'
import { modelRouter } from './routers/model.ts'
import { sessionRouter } from './routers/session.ts'
import { shareRouter } from './routers/share.ts'
import { uploadRouter } from './routers/upload.ts'
import { workerRouter } from './routers/worker.ts'

export const appRouter = router({
  session: sessionRouter,
  model: modelRouter,
  generation: generationRouter,
  upload: uploadRouter,
  share: shareRouter,
  devicePicture: devicePictureRouter,
  worker: workerRouter,
})

export type AppRouter = typeof appRouter

/** For server components and tests: `createCaller(createContext(container, headers))`. */
export const createCaller = createCallerFactory(appRouter)
