'use client'
import type { GenerationDto } from '#contracts/generation.ts'
import { useServerSource } from '../source/use-server-source.ts'
import { PictureCard } from './picture-card.tsx'

/** A generation of the history, as it stands in the feed. */
export function GenerationCard({ generation, eager }: { generation: GenerationDto; eager: boolean }) {
  return <PictureCard source={useServerSource(generation)} eager={eager} />
}
