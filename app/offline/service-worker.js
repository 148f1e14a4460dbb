// The service worker: the Studio without a network. Served by app/sw.js/route.ts, which puts RELEASE and ASSETS before this text,
// so every release is another worker. With a network it changes nothing: pages always come from the server first.
// What it keeps is the same for everybody: the program, the pages' empty frames, the small files of models. Never an answer of
// the API, never a picture.
// @ts-check
/* global RELEASE, ASSETS */

const scope = /** @type {any} */ (self)
const PROGRAM = `dewpoint-program-${RELEASE}`
/** Named by content, so they outlive releases. */
const LASTING = 'dewpoint-lasting'
/** The pages that work without a network; their HTML holds nothing about the person. */
const PAGES = ['/', '/storage', '/history', '/g/offline']
/** Slower than this the network counts as absent, for a page that is here. */
const PAGE_TIMEOUT_MS = 5_000

scope.addEventListener('install', (/** @type {any} */ event) => {
  event.waitUntil(install())
})

scope.addEventListener('activate', (/** @type {any} */ event) => {
  event.waitUntil(activate())
})

scope.addEventListener('message', (/** @type {any} */ event) => {
  if (event.data?.type === 'keep') event.waitUntil(keep(event.data.urls))
})

scope.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event
  if (request.method !== 'GET') return
  const url = new URL(request.url)
  if (url.origin !== scope.location.origin) return
  if (request.mode === 'navigate') {
    const frame = frameOf(url.pathname)
    if (frame !== null) event.respondWith(page(frame, request))
    return
  }
  if (url.pathname.startsWith('/_next/static/') || url.pathname === '/icon.svg') {
    event.respondWith(fromCacheFirst(PROGRAM, request))
  } else if (isLasting(url)) {
    event.respondWith(fromCacheFirst(LASTING, request))
  }
})

/** Every picture's page has the same frame: it reads from the address which one it is. */
function frameOf(/** @type {string} */ path) {
  if (PAGES.includes(path)) return path
  return path.startsWith('/g/') ? '/g/offline' : null
}

/** The engine, and of models what is small; weights are the engine's own business. */
function isLasting(/** @type {URL} */ { pathname, searchParams }) {
  if (pathname.startsWith('/api/engine/')) return true
  return pathname.startsWith('/api/models/') && searchParams.has('model') && /\.(json|txt)$/.test(pathname)
}

async function install() {
  const cache = await caches.open(PROGRAM)
  // One by one: a file that does not come must not keep the rest from being there.
  await Promise.all([...ASSETS, ...PAGES].map((url) => addTo(cache, url)))
}

/** The first worker takes the page that asked for it; a later one waits until no page of the old release is open. */
async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith('dewpoint-program-') && name !== PROGRAM) await caches.delete(name)
  }
  await scope.clients.claim()
}

/** @param {unknown} urls the engine of this release; engines of others go. */
async function keep(urls) {
  if (!Array.isArray(urls)) return
  const cache = await caches.open(LASTING)
  const wanted = urls.filter((url) => typeof url === 'string' && url.startsWith('/api/engine/'))
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/api/engine/') && !wanted.includes(pathname)) await cache.delete(request)
  }
  await Promise.all(wanted.map((url) => addTo(cache, url)))
}

/** @param {Cache} cache @param {string} url */
async function addTo(cache, url) {
  if ((await cache.match(url)) !== undefined) return
  // Without cookies where it is a page: its frame is nobody's.
  const response = await fetch(url, { credentials: PAGES.includes(url) ? 'omit' : 'same-origin' }).catch(() => null)
  if (response?.ok && !response.redirected) await cache.put(url, response)
}

/** @param {string} name @param {Request} request */
async function fromCacheFirst(name, request) {
  const cache = await caches.open(name)
  const kept = await cache.match(request.url)
  if (kept !== undefined) return kept
  const response = await fetch(request)
  // A part of a file (206) is not the file.
  if (response.status === 200) await cache.put(request.url, response.clone())
  return response
}

/** @param {string} frame @param {Request} request */
async function page(frame, request) {
  const kept = (await caches.open(PROGRAM)).match(frame)
  try {
    const fromNetwork = fetch(request)
    if ((await kept) === undefined) return await fromNetwork
    return await Promise.race([fromNetwork, timeout()])
  } catch (error) {
    const copy = await kept
    if (copy === undefined) throw error
    return copy
  }
}

function timeout() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error('The network took too long')), PAGE_TIMEOUT_MS))
}
