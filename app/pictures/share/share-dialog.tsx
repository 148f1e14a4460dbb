'use client'
// Makes, copies and removes the public link of one image.
import { Copy, ExternalLink, Link2Off } from 'lucide-react'
import { useState } from 'react'
import { useGenerationCache } from '#app/generations/use-generations.ts'
import { messages } from '#app/messages/index.ts'
import { problemText } from '#app/trpc/problem.ts'
import { useTRPCClient } from '#app/trpc/trpc.ts'
import { Button, buttonVariants } from '#app/ui/button.tsx'
import { Dialog } from '#app/ui/dialog.tsx'
import { inputClass } from '#app/ui/field.tsx'
import { notify, notifyProblem } from '#app/ui/toast.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'

const t = messages.share

interface ShareDialogProps {
  generation: GenerationDto
  image: ImageDto
  open: boolean
  onOpenChange: (open: boolean) => void
}

export function ShareDialog({ generation, image, open, onOpenChange }: ShareDialogProps) {
  const client = useTRPCClient()
  const cache = useGenerationCache()
  const [busy, setBusy] = useState(false)

  const setShare = (share: ImageDto['share']) =>
    cache.change(generation.id, (one) => ({
      ...one,
      images: one.images.map((each) => (each.id === image.id ? { ...each, share } : each)),
    }))

  const run = async (work: () => Promise<void>) => {
    setBusy(true)
    try {
      await work()
    } catch (error) {
      notifyProblem(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  const make = () => run(async () => setShare(await client.share.create.mutate({ imageId: image.id })))
  const revoke = () =>
    run(async () => {
      await client.share.revoke.mutate({ imageId: image.id })
      setShare(null)
      notify(t.revoked)
    })

  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t.title} description={t.explain}>
      {image.share === null ? (
        <Button variant="primary" className="w-full" disabled={busy} onClick={make}>
          {t.make}
        </Button>
      ) : (
        <Link url={image.share.url} busy={busy} onRevoke={revoke} />
      )}
    </Dialog>
  )
}

function Link({ url, busy, onRevoke }: { url: string; busy: boolean; onRevoke: () => void }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url)
      notify(t.copied)
    } catch {
      notifyProblem(t.copyFailed)
    }
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex gap-2">
        <input
          readOnly
          value={url}
          aria-label={t.link}
          className={inputClass}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button variant="primary" onClick={copy}>
          <Copy aria-hidden />
          {t.copy}
        </Button>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <a href={url} target="_blank" rel="noreferrer" className={buttonVariants({ variant: 'ghost', size: 'sm' })}>
          <ExternalLink aria-hidden />
          {t.open}
        </a>
        <Button variant="danger" size="sm" disabled={busy} onClick={onRevoke}>
          <Link2Off aria-hidden />
          {t.revoke}
        </Button>
      </div>
      <p className="text-ink-3 text-xs leading-5">{t.revokeHint}</p>
    </div>
  )
}
