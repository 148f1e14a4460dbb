// Justified rows: pictures of one row share a height so that the row fills the width. Greedy, in order, like a paragraph.

export interface JustifiedRow<Item> {
  readonly heightPx: number
  readonly items: readonly { readonly item: Item; readonly widthPx: number }[]
}

export interface JustifyOptions {
  readonly widthPx: number
  /** The height rows aim at. */
  readonly targetHeightPx: number
  readonly gapPx: number
}

/** Rows in order. The last row is not stretched: it keeps the height of the row above, at most the target. */
export function justifyRows<Item>(
  items: readonly Item[],
  aspectOf: (item: Item) => number,
  { widthPx, targetHeightPx, gapPx }: JustifyOptions,
): readonly JustifiedRow<Item>[] {
  if (widthPx <= 0) return []
  const rows: JustifiedRow<Item>[] = []
  let row: Item[] = []
  let aspects = 0
  const close = (full: boolean): void => {
    const natural = (widthPx - gapPx * (row.length - 1)) / aspects
    const heightPx = full ? natural : Math.min(natural, targetHeightPx, rows.at(-1)?.heightPx ?? targetHeightPx)
    rows.push({ heightPx, items: row.map((item) => ({ item, widthPx: aspectOf(item) * heightPx })) })
    row = []
    aspects = 0
  }
  for (const item of items) {
    row.push(item)
    aspects += aspectOf(item)
    if (aspects * targetHeightPx + gapPx * (row.length - 1) >= widthPx) close(true)
  }
  if (row.length > 0) close(false)
  return rows
}
