'use client'
// Everything the client components stand on, in one place.
import { CSPProvider } from '@base-ui/react/csp-provider'
import { Tooltip } from '@base-ui/react/tooltip'
import { QueryClientProvider } from '@tanstack/react-query'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { type ReactNode, useState } from 'react'
import { DevicePicturesProvider } from '#app/device/pictures/device-pictures-provider.tsx'
import { getQueryClient } from '#app/trpc/query-client.ts'
import { createClient, TRPCProvider } from '#app/trpc/trpc.ts'
import { Toaster } from '#app/ui/toast.tsx'
import { LiveUpdates } from './generations/live-updates.tsx'

/** Long enough that a passing pointer opens nothing. */
const TOOLTIP_DELAY_MS = 500

export function Providers({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  const queryClient = getQueryClient()
  const [trpcClient] = useState(createClient)
  return (
    <CSPProvider {...(nonce === undefined ? {} : { nonce })}>
      <QueryClientProvider client={queryClient}>
        <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
          <NuqsAdapter>
            <Tooltip.Provider delay={TOOLTIP_DELAY_MS}>
              <Toaster>
                <LiveUpdates>
                  <DevicePicturesProvider>{children}</DevicePicturesProvider>
                </LiveUpdates>
              </Toaster>
            </Tooltip.Provider>
          </NuqsAdapter>
        </TRPCProvider>
      </QueryClientProvider>
    </CSPProvider>
  )
}
