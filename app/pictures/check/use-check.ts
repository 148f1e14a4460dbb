'use client'
// Making a picture again and comparing: on the server through a check run, followed like any other; on this device through its
// engine. Either way the two files are compared in this browser.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { toBase64 } from '#app/device/engine/base64.ts'
import type { DeviceStep, MadePicture } from '#app/device/engine/device-engine.ts'
import { fetchManifest } from '#app/device/engine/fetch-manifest.ts'
import { withLock } from '#app/device/pictures/locks.ts'
import { deviceEngine } from '#app/device/pictures/this-device.ts'
import { forgetDeviceFit } from '#app/device/pictures/use-device-fit.ts'
import { hasEnded } from '#app/generations/apply-event.ts'
import { newKey } from '#app/trpc/new-key.ts'
import { useTRPC, useTRPCClient } from '#app/trpc/trpc.ts'
import type { Preview } from '#contracts/generation.ts'
import type { CheckSubject } from './check-subject.ts'
import { type ComparedFiles, compareFiles } from './compare-files.ts'

export interface CheckResult extends ComparedFiles {
  readonly place: 'server' | 'device'
  /** The picture made again. */
  readonly made: Blob
  /** What a device made it with; null for the server. */
  readonly device: Pick<MadePicture, 'provider' | 'variant'> | null
}

/** Events may be away; a check is short, so the server is asked now and then too. */
const ASK_AGAIN_AFTER_MS = 3_000

export function useCheckOnServer({ imageId, url }: CheckSubject) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queryClient = useQueryClient()
  // One key per opening: a second click after a lost answer is the same check.
  const [key] = useState(newKey)
  const [id, setId] = useState<string | null>(null)
  const start = useMutation({
    mutationFn: () => client.generation.check.mutate({ imageId: imageId ?? '', idempotencyKey: key }),
    onSuccess: (generation) => {
      queryClient.setQueryData(trpc.generation.get.queryKey({ id: generation.id }), generation)
      setId(generation.id)
    },
    onSettled: () => queryClient.invalidateQueries(trpc.session.me.queryFilter()),
  })
  const run = useQuery(
    trpc.generation.get.queryOptions(
      { id: id ?? '' },
      {
        enabled: id !== null,
        refetchInterval: ({ state }) => (state.data?.images.every(hasEnded) ? false : ASK_AGAIN_AFTER_MS),
      },
    ),
  )
  const image = run.data?.images[0]
  const made = image?.status === 'done' ? image.url : null
  const compared = useQuery({
    queryKey: ['check', url, made],
    enabled: made !== null,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async (): Promise<CheckResult> => {
      const [before, after] = await Promise.all([read(url), read(made ?? '')])
      return { ...(await compareFiles({ before, after })), place: 'server', made: pngOf(after), device: null }
    },
  })
  return {
    start: () => start.mutate(),
    generation: run.data,
    image,
    isBusy: start.isPending || (image !== undefined && !hasEnded(image)) || compared.isLoading,
    result: compared.data,
    error: start.error ?? compared.error,
  }
}

export type DeviceProgress =
  | { readonly kind: 'loading' }
  | { readonly kind: 'downloading'; readonly doneBytes: number; readonly totalBytes: number }
  | { readonly kind: 'step'; readonly done: number; readonly calls: number; readonly preview: Preview }

export function useCheckOnDevice({ recipe, url }: CheckSubject) {
  const [progress, setProgress] = useState<DeviceProgress | null>(null)
  const queryClient = useQueryClient()
  const stop = useRef<AbortController>(null)
  // Closing the dialog leaves nothing running on the device.
  useEffect(() => () => stop.current?.abort(), [])
  const run = useMutation({
    networkMode: 'always',
    mutationFn: async (): Promise<CheckResult> => {
      const controller = new AbortController()
      stop.current = controller
      const { signal } = controller
      setProgress({ kind: 'loading' })
      const [model, engine] = await Promise.all([fetchManifest(recipe.model), deviceEngine()])
      await engine.fetchWeights(model, {
        signal,
        onProgress: (doneBytes, totalBytes) => {
          if (doneBytes < totalBytes) setProgress({ kind: 'downloading', doneBytes, totalBytes })
        },
      })
      setProgress({ kind: 'loading' })
      void forgetDeviceFit(queryClient)
      // A picture under way on this device, in whatever tab, comes first.
      const picture = await withLock(
        'dewpoint.device',
        () => engine.generate({ model, recipe, signal, onStep: (step) => setProgress(progressOf(step)) }),
        signal,
      )
      const { png, provider, variant } = picture
      const compared = await compareFiles({ before: await read(url), after: png })
      return { ...compared, place: 'device', made: pngOf(png), device: { provider, variant } }
    },
    onSettled: () => setProgress(null),
  })
  return {
    start: () => run.mutate(),
    stop: () => stop.current?.abort(),
    progress,
    isBusy: run.isPending,
    result: run.data,
    error: run.error,
  }
}

function progressOf({ callIndex, callCount, preview: { width, height, rgb } }: DeviceStep): DeviceProgress {
  return { kind: 'step', done: callIndex + 1, calls: callCount, preview: { width, height, rgb: toBase64(rgb) } }
}

const pngOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes], { type: 'image/png' })

async function read(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
