// A Runtime that gives back the memory of graphs whose turn is over: a picture needs its text encoder before the U-Net and its
// decoder after it, so a model larger than the budget keeps only what it is running. Small models stay loaded whole.
import type { ModelFiles, Runtime, Session } from '#diffusion/runtime/runtime.ts'

interface Resident {
  session: Session | undefined
  bytes: number
  lastUse: number
}

/** @param budgetBytes of graph files that may be loaded at once; the one that runs always may. */
export function releaseIdle(runtime: Runtime, budgetBytes: number): Runtime {
  const residents = new Set<Resident>()
  let uses = 0

  const makeRoom = async (keep: Resident) => {
    const loaded = () => [...residents].filter(({ session }) => session !== undefined)
    for (;;) {
      const bytes = loaded().reduce((sum, resident) => sum + resident.bytes, 0)
      const [idle] = loaded()
        .filter((resident) => resident !== keep)
        .sort((a, b) => a.lastUse - b.lastUse)
      if (bytes <= budgetBytes || idle === undefined) return
      const { session } = idle
      idle.session = undefined
      await session?.dispose()
    }
  }

  return {
    provider: runtime.provider,
    async createSession(files, path) {
      const resident: Resident = { session: undefined, bytes: 0, lastUse: uses++ }
      const measured: ModelFiles = {
        has: files.has,
        async readBytes(read) {
          const bytes = await files.readBytes(read)
          if (read === path) resident.bytes = bytes.length
          return bytes
        },
      }
      const load = async (): Promise<Session> => {
        const session = await runtime.createSession(measured, path)
        resident.session = session
        return session
      }
      const first = await load()
      residents.add(resident)
      await makeRoom(resident)
      return {
        inputs: first.inputs,
        outputs: first.outputs,
        async run(feeds) {
          resident.lastUse = uses++
          if (resident.session === undefined) await makeRoom(resident)
          const session = resident.session ?? (await load())
          await makeRoom(resident)
          return session.run(feeds)
        },
        async dispose() {
          residents.delete(resident)
          await resident.session?.dispose()
          resident.session = undefined
        },
      }
    },
  }
}
