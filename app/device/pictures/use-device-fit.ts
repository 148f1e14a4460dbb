'use client'
// Whether this device can run a model, what that takes, and how fast it is: asked of the engine once the page is at rest, as
// the engine is a script of its own. After a download, a measurement or a removal it is asked again.
import { type QueryClient, queryOptions, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useState } from 'react'
import type { DeviceEstimate, DeviceFit } from '../engine/device-engine.ts'
import { fetchManifest } from '../engine/fetch-manifest.ts'
import { deviceEngine } from './this-device.ts'

export interface DeviceFitFacts {
  readonly fit: DeviceFit
  /** null: not measured yet. */
  readonly estimate: DeviceEstimate | null
}

const QUERY_KEY = ['device-fit'] as const
/** Nothing on the page waits for it, so it lets everything else go first. */
const AT_REST_AFTER_MS = 1_500

interface ModelRef {
  readonly id: string
  readonly hash: string
}

export function useDeviceFit(model: ModelRef | undefined) {
  return useQuery(deviceFitQuery(model, useAtRest()))
}

/** Whether this device can run each of the models; undefined while it is looked at. */
export function useDeviceFits(models: readonly ModelRef[]): readonly (boolean | undefined)[] {
  const atRest = useAtRest()
  const answers = useQueries({ queries: models.map((model) => deviceFitQuery(model, atRest)) })
  return answers.map(({ data }) => (data === undefined ? undefined : data.fit.kind === 'fits'))
}

function deviceFitQuery(model: ModelRef | undefined, atRest: boolean) {
  return queryOptions({
    queryKey: [...QUERY_KEY, model?.id, model?.hash],
    enabled: model !== undefined && atRest,
    networkMode: 'always',
    retry: false,
    queryFn: async (): Promise<DeviceFitFacts> => {
      if (model === undefined) throw new TypeError('Asked without a model')
      const manifest = await fetchManifest(model)
      const engine = await deviceEngine()
      const [fit, estimate] = await Promise.all([engine.assess(manifest), engine.storedEstimate(manifest)])
      return { fit, estimate }
    },
  })
}

/** A few real steps, kept by the engine. The weights have to be here. */
export function useMeasure(model: { readonly id: string; readonly hash: string } | undefined) {
  const queryClient = useQueryClient()
  return useCallback(async () => {
    if (model === undefined) return
    const engine = await deviceEngine()
    await engine.measure(await fetchManifest(model))
    await forgetDeviceFit(queryClient)
  }, [model, queryClient])
}

export async function forgetDeviceFit(queryClient: QueryClient): Promise<void> {
  await queryClient.invalidateQueries({ queryKey: QUERY_KEY })
}

function useAtRest(): boolean {
  const [atRest, setAtRest] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setAtRest(true), AT_REST_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return atRest
}
