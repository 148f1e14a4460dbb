// Storage: what Dewpoint keeps in this browser, with sizes, and how to be rid of it.
import type { Metadata } from 'next'
import { StorageView } from '#app/device/storage/storage-view.tsx'
import { messages } from '#app/messages/index.ts'

export const metadata: Metadata = { title: messages.storage.title }

export default function StoragePage() {
  return (
    <main id="main" className="mx-auto flex w-full max-w-xl flex-col gap-8 px-4 pt-8 pb-16 sm:px-6 sm:pt-12">
      <div>
        <h1 className="font-semibold text-2xl tracking-[-0.015em]">{messages.storage.title}</h1>
        <p className="pt-1 text-ink-2 text-sm leading-6">{messages.storage.lead}</p>
      </div>
      <StorageView />
    </main>
  )
}
