// Whose address a request counts under: the socket's peer, and where that is a proxy of ours (TRUSTED_PROXIES) whoever it says it
// passed on, hop by hop. A header alone is anybody's to write. Next keeps a client's own X-Forwarded-For, so it is put right before
// Next sees the request: from then on the header holds one address, the one to believe.
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Node publishes it for every request of every server in the process, before any handler runs. */
const REQUEST_START = 'http.server.request.start'
const HEADER = 'x-forwarded-for'
/** IPv4 as a dual-stack socket shows it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

export function believeSockets(trustedProxies: readonly string[]): void {
  const isTrusted = trust(trustedProxies)
  subscribe(REQUEST_START, (message) => {
    const { request } = message as { request: IncomingMessage }
    const address = clientAddress(request.socket.remoteAddress, request.headers[HEADER], isTrusted)
    // Closed before it was read: no address, and nobody to answer.
    request.headers[HEADER] = address ?? ''
  })
}

/** null: the socket is gone. `forwarded` is read from its end: each entry was written by the peer after it. */
export function clientAddress(
  peer: string | undefined,
  forwarded: string | string[] | undefined,
  isTrusted: (address: string) => boolean,
): string | null {
  if (peer === undefined) return null
  const hops = String(forwarded ?? '')
    .split(',')
    .map((hop) => hop.trim())
  let address = peer.replace(MAPPED, '')
  while (isTrusted(address)) {
    const hop = hops.pop()?.replace(MAPPED, '')
    if (hop === undefined || isIP(hop) === 0) break
    address = hop
  }
  return address
}

/** @param ranges addresses and CIDR ranges. @throws Error naming what is neither. */
export function trust(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = '', bits] = range.split('/')
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    try {
      if (bits === undefined) list.addAddress(network, family)
      else list.addSubnet(network, Number(bits), family)
    } catch (cause) {
      throw new Error(`TRUSTED_PROXIES: ${JSON.stringify(range)} is no address and no CIDR range`, { cause })
    }
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** The address believeSockets left; one for all where nothing did (tests without a socket). */
export const addressOf = (headers: Headers): string => headers.get(HEADER) ?? 'unknown'
