'use client'
// The Studio's own copy in this browser, so that it opens without a network. Made when somebody uses this device for pictures:
// whoever never does is spared the transfer.

const WORKER_URL = '/sw.js'

/** At the first download: installs the service worker, and asks the browser not to clear what is stored when the disk gets full. */
export async function keepForOffline(): Promise<void> {
  await install()
  await navigator.storage?.persist?.().catch(() => false)
}

/** After a picture: the engine's files and the pages are kept; what the browser has in its cache is not transferred again. */
export async function keepFiles(urls: readonly string[]): Promise<void> {
  if (!(await install())) return
  const { active } = await navigator.serviceWorker.ready
  active?.postMessage({ type: 'keep', urls })
}

/** Installing twice is installing once. @returns false where there can be none; then everything works but being offline. */
async function install(): Promise<boolean> {
  if (navigator.serviceWorker === undefined) return false
  try {
    await navigator.serviceWorker.register(WORKER_URL, { scope: '/', updateViaCache: 'none' })
    return true
  } catch {
    return false
  }
}

const CACHES = /^dewpoint-/

/** Bytes of the offline copy; 0 where there is none. */
export async function measureOfflineCopy(): Promise<number> {
  if (typeof caches === 'undefined') return 0
  let bytes = 0
  for (const name of (await caches.keys()).filter((one) => CACHES.test(one))) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) {
      const blob = await (await cache.match(request))?.blob()
      bytes += blob?.size ?? 0
    }
  }
  return bytes
}

/** Everything but models and pictures; the Studio needs its network until this device makes its next picture. */
export async function removeOfflineCopy(): Promise<void> {
  await (await navigator.serviceWorker?.getRegistration('/'))?.unregister()
  for (const name of (await caches.keys()).filter((one) => CACHES.test(one))) await caches.delete(name)
}
