// One generation: its images, its recipe, and what can be done with it. Read by the browser, behind the session.
import type { Metadata } from 'next'
import { messages } from '#app/messages/index.ts'
import { DetailView } from '#app/pictures/detail/detail-view.tsx'

export const metadata: Metadata = { title: messages.detail.title }

export default function GenerationPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-6xl px-4 pt-4 pb-16 sm:px-6">
      <DetailView />
    </main>
  )
}
