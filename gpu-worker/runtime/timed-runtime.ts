// A Runtime that also says how long each graph ran, so that what Dewpoint adds around the model can be told from the model.
import type { Runtime } from '#diffusion/runtime/runtime.ts'

export interface GraphTime {
  calls: number
  totalMs: number
}

/** Same runtime; `times` fills up by graph path, such as `unet/model.onnx`. */
export function timeRuntime(runtime: Runtime, now: () => number): { runtime: Runtime; times: Map<string, GraphTime> } {
  const times = new Map<string, GraphTime>()
  return {
    times,
    runtime: {
      provider: runtime.provider,
      async createSession(files, path) {
        const session = await runtime.createSession(files, path)
        const time: GraphTime = { calls: 0, totalMs: 0 }
        times.set(path, time)
        return {
          inputs: session.inputs,
          outputs: session.outputs,
          dispose: () => session.dispose(),
          async run(feeds) {
            const startedMs = now()
            const outputs = await session.run(feeds)
            time.totalMs += now() - startedMs
            time.calls += 1
            return outputs
          },
        }
      },
    },
  }
}
