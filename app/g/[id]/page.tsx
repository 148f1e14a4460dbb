// One generation: its images, its recipe, and what can be done with it. Read by the browser, behind the session.
import type { Metadata } from 'next'
import { DetailView } from '../../components/detail/detail-view.tsx'
import { messages } from '../../messages/index.ts'

export const metadata: Metadata = { title: messages.detail.title }

export default function GenerationPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-6xl px-4 pt-4 pb-16 sm:px-6">
      <DetailView />
    </main>
  )
}
