// One answer for everybody who asks within the same second: for lists that are the same for all and cost a query each.

export function byTheSecond<T>(
  read: () => Promise<T>,
  options: { readonly keepMs?: number; readonly now?: () => number } = {},
): () => Promise<T> {
  const { keepMs = 1_000, now = Date.now } = options
  let kept: { readonly at: number; readonly answer: Promise<T> } | undefined
  return () => {
    if (kept !== undefined && now() - kept.at < keepMs) return kept.answer
    const mine = { at: now(), answer: read() }
    kept = mine
    // A failure is nobody else's.
    mine.answer.catch(() => {
      if (kept === mine) kept = undefined
    })
    return mine.answer
  }
}
