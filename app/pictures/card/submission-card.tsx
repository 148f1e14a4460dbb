'use client'
// A click the server has not answered yet: cards of the right shape at once, or the reason and a way on.
import { RotateCcw } from 'lucide-react'
import { dismiss, type Submission, useSubmit } from '#app/generations/submissions.ts'
import { messages } from '#app/messages/index.ts'
import { Button } from '#app/ui/button.tsx'
import { cn } from '#app/ui/cn.ts'
import { imageGridClass } from './picture-card.tsx'

export function SubmissionCard({ submission }: { submission: Submission }) {
  const { request, problem } = submission
  const submit = useSubmit()
  if (problem !== null) {
    return (
      <div role="alert" className="flex flex-col gap-3 rounded-card border border-line bg-raised p-4">
        <p className="text-danger text-sm leading-6">{problem}</p>
        <p className="line-clamp-2 text-ink-2 text-sm leading-6" dir="auto">
          {request.prompt}
        </p>
        <div className="flex gap-2">
          <Button size="sm" onClick={() => void submit(request)}>
            <RotateCcw aria-hidden />
            {messages.image.retry}
          </Button>
          <Button size="sm" variant="ghost" onClick={() => dismiss(request.idempotencyKey)}>
            {messages.shell.close}
          </Button>
        </div>
      </div>
    )
  }
  return (
    <div className="grid gap-x-8 gap-y-3 xl:grid-cols-[600px_minmax(0,1fr)]" aria-busy>
      <ul className={cn(imageGridClass(request.count), 'w-full')}>
        {Array.from({ length: request.count }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the frames of one click have no identity but their place
          <li key={index}>
            <div
              className="skeleton w-full rounded-picture"
              style={{ aspectRatio: `${request.width} / ${request.height}` }}
            />
            <p className="flex min-h-[3.375rem] items-center pt-2.5 text-ink-2 text-sm">{messages.image.sending}</p>
          </li>
        ))}
      </ul>
      <p className="line-clamp-3 text-[15px] text-ink leading-6 xl:pt-1" dir="auto">
        {request.prompt}
      </p>
    </div>
  )
}
