'use client'
// Deletes a run of this device, with the same way back as any other picture.
import { useCallback } from 'react'
import { localRuns } from '#app/device/runs/local-device.ts'
import type { LocalRun } from '#app/device/runs/local-run.ts'
import { messages } from '#app/messages/index.ts'
import { notify } from '#app/ui/toast.tsx'

export function useRemoveRun(): (run: LocalRun) => Promise<void> {
  return useCallback(async (run) => {
    const putBack = await localRuns.removeWithWayBack(run)
    notify(messages.device.deleted(run.images.length), {
      label: messages.image.undo,
      run: () => void putBack().then(() => notify(messages.image.restored)),
    })
  }, [])
}
