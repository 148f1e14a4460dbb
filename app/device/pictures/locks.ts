// Web Locks, which hold between all tabs of a browser and end with the tab. Where a page has none (plain HTTP from another
// machine) each tab is on its own: work is done all the same.

/** Runs `work` while nobody else holds `name`. */
export async function withLock<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (typeof navigator === 'undefined' || navigator.locks === undefined) return work()
  return navigator.locks.request(name, signal === undefined ? {} : { signal }, work)
}
