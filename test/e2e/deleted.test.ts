// Every way a picture's bytes or words can be asked for, before and after its link is revoked, and after it is deleted: with each
// address warm, so that whatever keeps a copy has one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anyRequest, type GuestClient, guestClient, waitUntilDone } from '#test/harness/api-client.ts'
import type { TestStack } from '#test/harness/stack.ts'
import { startE2eStack } from './start-stack.ts'

const PROMPT = 'a turtle that nobody may see any more'

describe('a picture', () => {
  let stack: TestStack
  let owner: GuestClient
  let imageId: string
  let generationId: string
  beforeAll(async () => {
    stack = await startE2eStack()
    owner = await guestClient(stack.url)
    const request = await anyRequest(owner, { prompt: PROMPT, steps: 2 })
    generationId = (await owner.api.generation.create.mutate(request)).id
    imageId = (await waitUntilDone(owner, generationId)).images[0]?.id ?? ''
  })
  afterAll(() => stack?.stop())

  /** The statuses of what still shows something; a refusal by any other status than 404 or 400 is told as well. */
  const answered = async (addresses: readonly string[], headers: Record<string, string> = {}) => {
    const open: string[] = []
    for (const address of addresses) {
      for (const conditional of [{}, { 'if-none-match': '*' }]) {
        const answer = await fetch(stack.url + address, { headers: { ...headers, ...conditional } })
        const isHidden = (answer.status === 404 || answer.status === 400) && !(await answer.text()).includes(PROMPT)
        if (!isHidden) open.push(`${answer.status} ${address}`)
      }
    }
    return open
  }
  const optimized = (address: string) =>
    ['', encodeURIComponent(stack.url)].flatMap((origin) =>
      [64, 640].map((width) => `/_next/image?url=${origin}${encodeURIComponent(address)}&w=${width}&q=75`),
    )
  const publicAddresses = (slug: string) => {
    const direct = ['', '/image.png', '/card.png'].map((path) => `/i/${slug}${path}`)
    return { direct, all: [...direct, ...direct.flatMap(optimized)] }
  }

  it('shows nothing under its old link once that is revoked, and again once it is deleted', async () => {
    const first = publicAddresses((await owner.api.share.create.mutate({ imageId })).slug)
    // Nothing but the three addresses themselves, not even while the link is there: a copy elsewhere would outlive it.
    expect(new Set((await answered(first.all)).map((line) => line.split(' ')[1]))).toEqual(new Set(first.direct))
    await owner.api.share.revoke.mutate({ imageId })
    expect(await answered(first.all)).toEqual([])
    const second = publicAddresses((await owner.api.share.create.mutate({ imageId })).slug)
    expect(await answered(second.direct)).toHaveLength(6)

    const own = ['', '?download', '?format=jpeg', '?format=webp', '?recipe=without'].map(
      (query) => `/api/images/${imageId}${query}`,
    )
    const everyWay = [...own, ...own.flatMap(optimized), ...second.all, ...first.all]
    expect(await answered(own, { cookie: owner.cookie })).toHaveLength(10)
    await owner.api.generation.delete.mutate({ id: generationId })
    expect(await answered(everyWay, { cookie: owner.cookie })).toEqual([])
    expect((await owner.api.generation.list.query({})).items).toEqual([])
    await expect(owner.api.generation.get.query({ id: generationId })).rejects.toThrow()
  })
})
