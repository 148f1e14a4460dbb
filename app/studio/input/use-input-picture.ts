'use client'
// The picture to start from: at most one, uploaded as soon as it is chosen, kept in the draft once the server has it.
import { useCallback, useRef, useState } from 'react'
import { updateDraft } from '#app/draft/draft-store.ts'
import { problemText } from '#app/trpc/problem.ts'
import { UploadProblem, type UploadProgress, useUploadPicture } from './upload-picture.ts'

export interface InputPicture {
  readonly progress: UploadProgress | null
  readonly problem: string | null
  readonly previewUrl: string | null
  readonly choose: (file: Blob) => Promise<void>
  readonly remove: () => void
}

export function useInputPicture(): InputPicture {
  const upload = useUploadPicture()
  const running = useRef<AbortController | null>(null)
  const [progress, setProgress] = useState<UploadProgress | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [previewUrl, setPreviewUrl] = useState<string | null>(null)

  const stop = useCallback(() => {
    running.current?.abort()
    running.current = null
    setProgress(null)
    setProblem(null)
    setPreviewUrl((url) => {
      if (url !== null) URL.revokeObjectURL(url)
      return null
    })
  }, [])

  const choose = useCallback(
    async (file: Blob) => {
      stop()
      const controller = new AbortController()
      running.current = controller
      setPreviewUrl(URL.createObjectURL(file))
      try {
        const { uploadId, width, height, url } = await upload(file, setProgress, controller.signal)
        if (controller.signal.aborted) return
        updateDraft({ input: { uploadId, width, height, url } })
        stop()
      } catch (error) {
        if (controller.signal.aborted) return
        stop()
        setProblem(error instanceof UploadProblem ? error.message : problemText(error))
      }
    },
    [upload, stop],
  )

  const remove = useCallback(() => {
    stop()
    updateDraft({ input: null })
  }, [stop])

  return { progress, problem, previewUrl, choose, remove }
}
