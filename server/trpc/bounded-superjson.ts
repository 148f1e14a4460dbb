// superjson for what comes in: its `meta` names the places of values JSON has no word for, and working it off takes time per place.
// What our clients send names a few that are undefined.
import { TRPCError } from '@trpc/server'
import superjson, { type SuperJSONResult } from 'superjson'

/** Characters of JSON. The largest request, with every optional setting undefined, has 400. */
const META_LENGTH_MAX = 4_096

export const boundedSuperjson = {
  serialize: superjson.serialize,
  deserialize(value: SuperJSONResult) {
    const length = value?.meta === undefined ? 0 : JSON.stringify(value.meta).length
    if (length > META_LENGTH_MAX) {
      throw new TRPCError({ code: 'BAD_REQUEST', message: `meta: ${length} characters; at most ${META_LENGTH_MAX}` })
    }
    return superjson.deserialize(value)
  },
}
