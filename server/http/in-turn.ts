// A request's turn among those of its browser, then among those of its address, before anything of it is read. Browsers first: what one
// browser keeps waiting must not fill the places of everybody behind the same address. Those with a session and those without wait apart.
import { createHash } from 'node:crypto'
import { addressOf } from '../guards/client-address.ts'
import type { Guards } from '../guards/guards.ts'

const SESSION = /(?:^|;\s*)(?:__Host-|__Secure-)?dewpoint\.session_token=([^;]+)/

/** @throws DewpointError requests.too-many */
export function inTurn(
  guards: Guards,
  { headers, signal }: Request,
  answer: () => Promise<Response>,
): Promise<Response> {
  const address = addressOf(headers)
  // Made up or not, it is only counted by.
  const token = SESSION.exec(headers.get('cookie') ?? '')?.[1]
  if (token === undefined) return guards.addresses.run(`${address} visitor`, answer, signal)
  const browser = createHash('sha256').update(token).digest('base64')
  return guards.browsers.run(browser, () => guards.addresses.run(address, answer, signal), signal)
}
