// History: everything the person made, newest first.
import type { Metadata } from 'next'
import { messages } from '#app/messages/index.ts'
import { HistoryView } from '#app/pictures/history/history-view.tsx'

export const metadata: Metadata = { title: messages.history.title }

export default function HistoryPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[112rem] px-4 pt-6 pb-16 sm:px-6 lg:pt-8">
      <h1 className="pb-5 font-semibold text-xl tracking-[-0.01em]">{messages.history.title}</h1>
      <HistoryView />
    </main>
  )
}
