'use client'
// Takes a file from the browser to the bucket: ticket, presigned PUT with progress, then the server's own look at it.
import { useCallback } from 'react'
import { messages } from '#app/messages/index.ts'
import { useEnsureSession } from '#app/session/use-session.ts'
import { useTRPCClient } from '#app/trpc/trpc.ts'
import { ERRORS } from '#contracts/errors.ts'
import type { UploadDto } from '#contracts/generation.ts'
import { UPLOAD_CONTENT_TYPES, UPLOAD_SIZE_MAX_BYTES, type UploadContentType } from '#contracts/limits.ts'

/** A failure with words for the person. */
export class UploadProblem extends Error {}

export type UploadProgress = { phase: 'sending'; fraction: number } | { phase: 'checking' }

const isUploadType = (type: string): type is UploadContentType => UPLOAD_CONTENT_TYPES.some((known) => known === type)

export function useUploadPicture() {
  const client = useTRPCClient()
  const ensureSession = useEnsureSession()
  return useCallback(
    async (file: Blob, onProgress: (progress: UploadProgress) => void, signal: AbortSignal): Promise<UploadDto> => {
      if (!isUploadType(file.type) || file.size === 0) throw new UploadProblem(ERRORS['upload.unreadable'].userMessage)
      if (file.size > UPLOAD_SIZE_MAX_BYTES) throw new UploadProblem(ERRORS['upload.too-large'].userMessage)
      onProgress({ phase: 'sending', fraction: 0 })
      await ensureSession()
      const ticket = await client.upload.create.mutate({ contentType: file.type, sizeBytes: file.size }, { signal })
      await put(ticket, file, (fraction) => onProgress({ phase: 'sending', fraction }), signal)
      onProgress({ phase: 'checking' })
      return client.upload.finish.mutate({ uploadId: ticket.uploadId }, { signal })
    },
    [client, ensureSession],
  )
}

/** XMLHttpRequest because fetch still tells nothing about bytes sent. */
function put(
  ticket: { url: string; headers: Record<string, string> },
  file: Blob,
  onFraction: (fraction: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const failed = () => reject(new UploadProblem(messages.studio.inputFailed))
    request.open('PUT', ticket.url)
    for (const [name, value] of Object.entries(ticket.headers)) {
      // The browser sets the length itself and refuses to be told.
      if (name.toLowerCase() !== 'content-length' && name.toLowerCase() !== 'host')
        request.setRequestHeader(name, value)
    }
    request.upload.onprogress = (event) => onFraction(event.total > 0 ? event.loaded / event.total : 0)
    request.onload = () => (request.status >= 200 && request.status < 300 ? resolve() : failed())
    request.onerror = failed
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}
