import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { believeSockets, clientAddress, trust } from '#server/guards/client-address.ts'

const nobody = trust([])
const proxies = trust(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'])

describe('whose address a request counts under', () => {
  it('is the socket’s, whatever a header says, unless the peer is trusted', () => {
    expect(clientAddress('203.0.113.9', '1.2.3.4', nobody)).toBe('203.0.113.9')
    expect(clientAddress('203.0.113.9', '1.2.3.4', proxies)).toBe('203.0.113.9')
    expect(clientAddress('::ffff:203.0.113.9', undefined, proxies)).toBe('203.0.113.9')
  })

  it('is the last hop that is no proxy of ours', () => {
    expect(clientAddress('10.0.0.1', '6.6.6.6, 203.0.113.9, 192.0.2.7', proxies)).toBe('203.0.113.9')
    expect(clientAddress('::ffff:10.0.0.1', '203.0.113.9', proxies)).toBe('203.0.113.9')
    expect(clientAddress('2001:db8::1', '2001:db9::5', proxies)).toBe('2001:db9::5')
  })

  it('is the proxy’s where it passes on nothing that is an address', () => {
    expect(clientAddress('10.0.0.1', undefined, proxies)).toBe('10.0.0.1')
    expect(clientAddress('10.0.0.1', '203.0.113.9, unknown', proxies)).toBe('10.0.0.1')
  })

  it('wants addresses and ranges, and names what is neither', () => {
    expect(() => trust(['10.0.0.0/8', 'proxy.internal'])).toThrow(/"proxy.internal"/)
    expect(() => trust(['10.0.0.0/99'])).toThrow(/10.0.0.0\/99/)
  })

  it('is put in the header before any handler runs, whatever the client wrote there', async () => {
    believeSockets([])
    const server = createServer((request, response) => response.end(String(request.headers['x-forwarded-for'])))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const said = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-forwarded-for': '6.6.6.6' } })
    expect(await said.text()).toBe('127.0.0.1')
    server.close()
  })
})
