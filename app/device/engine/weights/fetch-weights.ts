// Everything of a model that this device needs, file after file, with one number for the progress of all.
import type { ModelManifest } from '#contracts/model-manifest.ts'
import { bytesOf, type ChosenFiles } from './choose-files.ts'
import { fetchFile } from './fetch-file.ts'
import { noteUse } from './stored-weights.ts'
import type { WeightStore } from './weight-store.ts'

export interface FetchAllOptions {
  readonly store: WeightStore
  readonly model: ModelManifest
  readonly chosen: ChosenFiles
  readonly stallTimeoutMs: number
  readonly signal: AbortSignal
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

/** @throws DeviceError; going on later continues behind what has arrived. */
export async function fetchWeights(options: FetchAllOptions): Promise<void> {
  const { store, model, chosen, stallTimeoutMs, signal, onProgress } = options
  const total = bytesOf(chosen.files)
  const missing = await missingFiles(store, chosen)
  let done = total - missing.reduce((sum, { missingBytes }) => sum + missingBytes, 0)
  onProgress(done, total)
  if (missing.length === 0) return
  // First, so that a download that is cut is listed under Storage and can be removed.
  await noteUse(store, model, chosen)
  const shared = openProgressChannel()
  try {
    for (const { file, missingBytes } of missing) {
      const before = done - (file.sizeBytes - missingBytes)
      const report = (bytes: number) => {
        done = before + bytes
        onProgress(done, total)
      }
      const stopListening = shared.listen(file.sha256, report)
      const onBytes = (bytes: number) => {
        shared.tell(file.sha256, bytes)
        report(bytes)
      }
      const url = weightsUrl(model, file.source)
      await fetchFile({ store, file, url, stallTimeoutMs, signal, onBytes }).finally(stopListening)
      report(file.sizeBytes)
    }
  } finally {
    shared.close()
  }
}

/** What is still to transfer, file by file. */
export async function missingFiles(store: WeightStore, { files }: ChosenFiles) {
  const missing = []
  for (const file of files) {
    const there = await store.size(file.sha256)
    // Longer than it should be: it will be thrown away and come anew.
    const missingBytes = there > file.sizeBytes ? file.sizeBytes : file.sizeBytes - there
    if (missingBytes > 0) missing.push({ file, missingBytes })
  }
  return missing
}

/** Pinned to the release: a model that changed on the server answers 404 instead of other bytes. */
export const weightsUrl = (model: ModelManifest, path: string): string =>
  `/api/models/${encodeURIComponent(model.id)}/${path}?model=${model.hash}`

interface FileProgress {
  readonly sha256: string
  readonly bytes: number
}

/** Tabs that wait for another's download show its progress. */
function openProgressChannel() {
  const channel = new BroadcastChannel('dewpoint:weights')
  return {
    tell: (sha256: string, bytes: number) => channel.postMessage({ sha256, bytes } satisfies FileProgress),
    listen(sha256: string, report: (bytes: number) => void) {
      const onMessage = ({ data }: MessageEvent<FileProgress>) => {
        if (data.sha256 === sha256) report(data.bytes)
      }
      channel.addEventListener('message', onMessage)
      return () => channel.removeEventListener('message', onMessage)
    },
    close: () => channel.close(),
  }
}
