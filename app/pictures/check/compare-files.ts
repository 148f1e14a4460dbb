'use client'
// Two picture files → how far they differ. The work is done in a worker (compare-worker.ts), one for each comparison.
import { ENGINE_FILES } from '#app/device/engine/generated/engine-files.ts'
import type { Comparison } from '#diffusion/images/compare-pictures.ts'

export interface CompareRequest {
  readonly before: Uint8Array<ArrayBuffer>
  readonly after: Uint8Array<ArrayBuffer>
}

interface Sides {
  readonly width: number
  readonly height: number
}

export interface ComparedFiles {
  readonly before: Sides
  readonly after: Sides
  readonly bytesMatch: boolean
  readonly comparison: Comparison
  /** null: the sizes differ, so there is nothing to lay over each other. */
  readonly difference: { readonly png: Blob; readonly gain: number } | null
}

export type CompareReply = { readonly result: ComparedFiles } | { readonly problem: string }

/** @throws Error when either file cannot be decoded, or the worker cannot start. */
export async function compareFiles(request: CompareRequest): Promise<ComparedFiles> {
  const worker = new Worker(ENGINE_FILES.compare, { type: 'module', name: 'dewpoint-compare' })
  try {
    const reply = await new Promise<CompareReply>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<CompareReply>) => resolve(data)
      worker.onerror = (event) => {
        event.preventDefault()
        reject(new Error(event.message || 'The comparison could not be loaded'))
      }
      worker.postMessage(request)
    })
    if ('problem' in reply) throw new Error(reply.problem)
    return reply.result
  } finally {
    worker.terminate()
  }
}
