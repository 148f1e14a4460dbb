// What a person sees of their pictures, asked through the real API.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ImageDto, ImageStatus } from '#contracts/generation.ts'
import { serveImage } from '#server/http/serve-image.ts'
import { APP_URL, type Person, type TestServer } from '#test/harness/server.ts'

const WAIT_MAX_MS = 50_000

/** Waits until image `index` has the status (and meets the condition). */
export async function waitForImage(
  person: Person,
  generationId: string,
  index: number,
  status: ImageStatus,
  condition: (image: ImageDto) => boolean = () => true,
): Promise<ImageDto> {
  const deadline = Date.now() + WAIT_MAX_MS
  for (;;) {
    const image = (await person.api.generation.get({ id: generationId })).images[index]
    if (image?.status === status && condition(image)) return image
    if (image === undefined || image.status === 'failed' || Date.now() > deadline) {
      throw new Error(`Image ${index} of ${generationId} is ${JSON.stringify(image)}, not ${status}`)
    }
    await sleep(20)
  }
}

/** The finished picture as its owner downloads it. */
export async function readPicture(server: TestServer, person: Person, image: ImageDto): Promise<Uint8Array> {
  const response = await serveImage(
    async () => server.container,
    new Request(`${APP_URL}${image.url}`, { headers: person.headers }),
    image.id,
  )
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return new Uint8Array(await response.arrayBuffer())
}
