'use client'
// Justified rows, of which only those near the screen exist. Names and order stay those of a list for screen readers.
import { Cpu } from 'lucide-react'
import Link from 'next/link'
import { useEffect, useMemo, useRef, useState } from 'react'
import { WindowVirtualizer, type WindowVirtualizerHandle } from 'virtua'
import { messages } from '#app/messages/index.ts'
import { FloatingActions } from '../actions/image-actions.tsx'
import { Picture } from '../image/picture.tsx'
import { useServerSource } from '../source/use-server-source.ts'
import { aspectOf, type HistoryTile } from './history-tiles.ts'
import { justifyRows } from './justify-rows.ts'

const GAP_PX = 8
/** Two pictures beside each other on a phone, five or six on a desk. */
const TARGET_HEIGHT_PX = { narrow: 170, wide: 250 }
const NARROW_BELOW_PX = 640
/** Rows left below the screen when the next page is asked for. */
const ROWS_AHEAD = 4

interface HistoryGridProps {
  tiles: readonly HistoryTile[]
  /** Those that are only in this browser. */
  deviceIds: ReadonlySet<string>
  onEnd: () => void
}

export function HistoryGrid({ tiles, deviceIds, onEnd }: HistoryGridProps) {
  const box = useRef<HTMLDivElement>(null)
  const virtualizer = useRef<WindowVirtualizerHandle>(null)
  const [widthPx, setWidthPx] = useState(0)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => setWidthPx(entry?.contentRect.width ?? 0))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const rows = useMemo(() => {
    const targetHeightPx = widthPx < NARROW_BELOW_PX ? TARGET_HEIGHT_PX.narrow : TARGET_HEIGHT_PX.wide
    return justifyRows(tiles, aspectOf, { widthPx, targetHeightPx, gapPx: GAP_PX })
  }, [tiles, widthPx])

  const checkEnd = () => {
    const handle = virtualizer.current
    if (handle === null) return
    const last = handle.findItemIndex(handle.scrollOffset + handle.viewportSize)
    if (last >= rows.length - ROWS_AHEAD) onEnd()
  }
  // A short first page does not fill the screen, and nobody scrolls what does not scroll; one of stopped pictures shows nothing.
  useEffect(() => {
    if (tiles.length === 0) onEnd()
    else if (rows.length > 0) checkEnd()
  })

  return (
    // biome-ignore lint/a11y/useSemanticElements: rows that come and go sit between the list and its items
    <div ref={box} role="list" aria-label={messages.history.grid}>
      <WindowVirtualizer ref={virtualizer} onScroll={checkEnd} ssrCount={0}>
        {rows.map((row) => (
          <div
            key={row.items[0]?.item.image.id}
            className="flex"
            style={{ gap: GAP_PX, height: row.heightPx + GAP_PX, paddingBottom: GAP_PX }}
          >
            {row.items.map(({ item, widthPx: tileWidthPx }) => (
              <Tile
                key={item.image.id}
                tile={item}
                widthPx={tileWidthPx}
                isOfDevice={deviceIds.has(item.generation.id)}
              />
            ))}
          </div>
        ))}
      </WindowVirtualizer>
    </div>
  )
}

interface TileProps {
  tile: HistoryTile
  widthPx: number
  isOfDevice: boolean
}

function Tile({ tile: { generation, image }, widthPx, isOfDevice }: TileProps) {
  const { recipe } = generation
  const alt = messages.image.alt(recipe.prompt, image.index, recipe.count)
  return (
    // biome-ignore lint/a11y/useSemanticElements: see the list above
    <div role="listitem" className="group relative shrink-0" style={{ width: widthPx }}>
      <Picture image={image} width={recipe.width} height={recipe.height} alt={alt} className="h-full" />
      <Link
        href={`/g/${generation.id}?image=${image.index + 1}`}
        aria-label={`${messages.image.open}: ${alt}`}
        className="absolute inset-0 rounded-picture"
      />
      {isOfDevice ? (
        <p className="pointer-events-none absolute bottom-2 left-2 flex items-center gap-1.5 rounded-md bg-raised/90 px-2 py-1 text-ink text-xs">
          <Cpu aria-hidden className="size-3.5" />
          {messages.device.here}
        </p>
      ) : null}
      {image.status === 'done' && !isOfDevice ? <TileActions generation={generation} image={image} /> : null}
    </div>
  )
}

function TileActions({ generation, image }: HistoryTile) {
  return <FloatingActions source={useServerSource(generation)} image={image} />
}
