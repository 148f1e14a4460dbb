'use client'
// What came of a check: the plain statement, the two pictures with their difference, and the numbers.
import type { ReactNode } from 'react'
import { messages } from '#app/messages/index.ts'
import type { CheckSubject } from './check-subject.ts'
import type { CheckResult } from './use-check.ts'
import { useObjectUrl } from './use-object-url.ts'

const t = messages.check

/** fp32 on another runtime stays above 45 dB, where nobody sees a difference; below 30 dB, where codecs stop, anybody does. */
const ALIKE_FROM_DB = 45
const CLOSE_FROM_DB = 30

export function CheckResultView({ subject, result }: { subject: CheckSubject; result: CheckResult }) {
  const { comparison, difference, device, place } = result
  const made = useObjectUrl(result.made)
  const differenceUrl = useObjectUrl(difference?.png)
  const { headline, hint } = statement(result)
  const { prompt } = subject.recipe
  const { psnrDb, largestDifference, differingCount, valueCount } = comparison
  const how = device === null ? '' : ` (${t.providers[device.provider]}, ${t.variants[device.variant]})`
  return (
    <section
      aria-label={`${t.madeAgain} ${t.places[place]}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the dialog scrolls, and this may be all in it that takes the keys.
      tabIndex={0}
      className="flex flex-col gap-4 border-line border-t pt-5"
    >
      <div role="status">
        <h3 className="font-semibold text-base">{headline}</h3>
        {hint === null ? null : <p className="pt-1 text-ink-2 text-sm leading-6">{hint}</p>}
      </div>
      <ul className="grid grid-cols-3 gap-3">
        <Pane caption={t.before} alt={prompt} url={subject.url} />
        <Pane caption={t.after} alt={t.afterAlt(prompt)} url={made} />
        {difference === null ? null : (
          <Pane caption={t.gain(difference.gain)} alt={t.differenceAlt} url={differenceUrl} />
        )}
      </ul>
      <dl className="border-line border-t">
        {largestDifference === null || valueCount === null || differingCount === null ? null : (
          <>
            <Row name={t.psnr}>{psnrDb === null ? t.psnrSame : t.psnrValue(psnrDb)}</Row>
            <Row name={t.largest}>{t.largestValue(largestDifference)}</Row>
            <Row name={t.values}>{t.valuesOf(differingCount, valueCount)}</Row>
          </>
        )}
        {subject.madeOn === null ? null : <Row name={t.firstMade}>{t.places[subject.madeOn]}</Row>}
        <Row name={t.madeAgain}>{`${t.places[place]}${how}`}</Row>
      </dl>
    </section>
  )
}

function statement({ bytesMatch, comparison, before, after }: CheckResult): { headline: string; hint: string | null } {
  const size = ({ width, height }: CheckResult['before']) => messages.studio.shapeName(width, height)
  if (bytesMatch) return { headline: t.bytes, hint: null }
  if (comparison.pixelsMatch) return { headline: t.pixels, hint: t.pixelsHint }
  if (comparison.psnrDb === null) return { headline: t.sizes, hint: t.sizesHint(size(before), size(after)) }
  const { psnrDb } = comparison
  const headline = psnrDb >= ALIKE_FROM_DB ? t.alike : psnrDb >= CLOSE_FROM_DB ? t.differs : t.differsMuch
  return { headline, hint: t.differsHint }
}

function Pane({ caption, alt, url }: { caption: string; alt: string; url: string | undefined }) {
  return (
    <li className="flex min-w-0 flex-col gap-1.5">
      {url === undefined ? (
        <div className="skeleton aspect-square w-full rounded-picture" />
      ) : (
        // biome-ignore lint/performance/noImgElement: private bytes, some of them only in this page
        <img src={url} alt={alt} className="w-full rounded-picture bg-frame [image-rendering:pixelated]" />
      )}
      <p className="text-ink-3 text-xs leading-5">{caption}</p>
    </li>
  )
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-h-10 items-center justify-between gap-6 border-line border-b py-2 text-sm">
      <dt className="shrink-0 text-ink-2">{name}</dt>
      <dd className="min-w-0 text-right tabular-nums">{children}</dd>
    </div>
  )
}
