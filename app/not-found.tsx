// What nobody can find, in plain words.
import Link from 'next/link'
import { buttonVariants } from '#app/ui/button.tsx'
import { messages } from './messages/index.ts'

export const metadata = { title: messages.problem.notFoundTitle }

export default function NotFound() {
  return (
    <main
      id="main"
      className="mx-auto flex min-h-[70dvh] max-w-sm flex-col items-center justify-center gap-5 px-4 text-center"
    >
      <div>
        <h1 className="font-semibold text-xl tracking-[-0.01em]">{messages.problem.notFoundTitle}</h1>
        <p className="text-balance pt-1.5 text-ink-2 text-sm leading-6">{messages.problem.notFound}</p>
      </div>
      <Link href="/" className={buttonVariants({ variant: 'primary' })}>
        {messages.problem.home}
      </Link>
    </main>
  )
}
