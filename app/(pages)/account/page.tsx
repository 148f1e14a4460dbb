import type { Metadata } from 'next'
import { messages } from '#app/messages/index.ts'
import { AccountView } from '#app/session/account-view.tsx'

export const metadata: Metadata = { title: messages.account.title }

export default function AccountPage() {
  return (
    <main id="main" className="mx-auto flex w-full max-w-xl flex-col gap-8 px-4 pt-8 pb-16 sm:px-6 sm:pt-12">
      <h1 className="font-semibold text-2xl tracking-[-0.015em]">{messages.account.title}</h1>
      <AccountView />
    </main>
  )
}
