// Rows to plain data, in one place: what a browser sees of a generation and its images. No row leaks past here.
import { DewpointError, ERRORS, type ErrorCode } from '#contracts/errors.ts'
import { type GenerationDto, generationEventSchema, type ImageDto, type Preview } from '#contracts/generation.ts'
import { recipeSchema } from '#contracts/recipe.ts'
import type { Db, Tx } from '../db/client.ts'
import type { Prisma } from '../db/generated/client.ts'
import { type QueuePosition, readQueuePositions } from '../queue/read-queue-positions.ts'

export const GENERATION_ROW = {
  id: true,
  createdAt: true,
  recipe: true,
  recipeHash: true,
  images: {
    orderBy: { index: 'asc' },
    include: { shares: { where: { revokedAt: null }, select: { slug: true } } },
  },
} as const satisfies Prisma.GenerationSelect

type GenerationRow = Prisma.GenerationGetPayload<{ select: typeof GENERATION_ROW }>
type ImageRow = GenerationRow['images'][number]

interface ImageContext {
  readonly appUrl: string
  readonly position: QueuePosition | undefined
  readonly preview: Preview | null
}

/** DTOs of rows, with what rows do not hold: queue positions and the latest preview of running images. */
export async function toGenerationDtos(
  db: Db | Tx,
  appUrl: string,
  rows: readonly GenerationRow[],
): Promise<GenerationDto[]> {
  const waiting = rows.filter((row) => row.images.some((image) => image.status === 'queued'))
  const positions = new Map<string, QueuePosition>()
  for (const row of waiting) {
    for (const [id, position] of await readQueuePositions(db, { generationId: row.id })) positions.set(id, position)
  }
  const running = rows.flatMap((row) => row.images.filter((image) => image.status === 'running').map(({ id }) => id))
  const previews = await readPreviews(db, running)
  return rows.map((row) => ({
    id: row.id,
    createdAt: row.createdAt.toISOString(),
    recipe: recipeSchema.parse(row.recipe),
    recipeHash: row.recipeHash,
    images: row.images.map((image) =>
      toImageDto(image, { appUrl, position: positions.get(image.id), preview: previews.get(image.id) ?? null }),
    ),
  }))
}

/** The one generation `where` names; null when there is none. */
export async function readGenerationDto(
  db: Db | Tx,
  appUrl: string,
  where: Prisma.GenerationWhereInput & { readonly id: string },
): Promise<GenerationDto | null> {
  const row = await db.generation.findFirst({ where, select: GENERATION_ROW })
  const [dto] = row === null ? [] : await toGenerationDtos(db, appUrl, [row])
  return dto ?? null
}

/** One of the person's own, as they see it. Someone else's, a deleted one and one that never was look the same. @throws DewpointError not-found */
export async function readOwnGeneration(
  db: Db | Tx,
  appUrl: string,
  { userId, id }: { readonly userId: string; readonly id: string },
): Promise<GenerationDto> {
  const dto = await readGenerationDto(db, appUrl, { id, userId, deletedAt: null })
  if (dto === null) throw new DewpointError('not-found', `No generation ${id}`)
  return dto
}

/** One image as it now is. @throws DewpointError not-found */
export async function readImageDto(db: Db | Tx, appUrl: string, imageId: string): Promise<ImageDto> {
  const image = await db.image.findUnique({ where: { id: imageId }, include: GENERATION_ROW.images.include })
  if (image === null) throw new DewpointError('not-found', `No image ${imageId}`)
  const positions =
    image.status === 'queued' ? await readQueuePositions(db, { generationId: image.generationId }) : new Map()
  return toImageDto(image, { appUrl, position: positions.get(imageId), preview: null })
}

function toImageDto(image: ImageRow, { appUrl, position, preview }: ImageContext): ImageDto {
  const slug = image.shares[0]?.slug
  return {
    id: image.id,
    index: image.index,
    seed: Number(image.seed),
    status: image.status,
    step: image.step,
    steps: image.steps,
    queuePosition: image.status === 'queued' ? (position?.position ?? 0) : null,
    preview,
    url: image.status === 'done' ? `/api/images/${image.id}` : null,
    thumbhash: image.thumbhash,
    sizeBytes: image.sizeBytes,
    share: slug === undefined ? null : { slug, url: `${appUrl}/i/${slug}` },
    error: image.errorCode === null ? null : toErrorDto(image.errorCode),
    durationMs: image.durationMs,
    madeOn: image.madeOn,
  }
}

function toErrorDto(code: string): ImageDto['error'] {
  const facts = ERRORS[isErrorCode(code) ? code : 'internal']
  return { code, message: facts.userMessage, retryable: facts.retryable }
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code)

async function readPreviews(db: Db | Tx, imageIds: readonly string[]): Promise<Map<string, Preview>> {
  if (imageIds.length === 0) return new Map()
  const rows = await db.$queryRaw<{ id: string; payload: unknown }[]>`
    SELECT wanted.id, last.payload
      FROM unnest(${imageIds}::uuid[]) AS wanted(id), LATERAL (
        SELECT payload FROM generation_event
         WHERE image_id = wanted.id AND type = 'step' ORDER BY seq DESC LIMIT 1
      ) AS last`
  return new Map(
    rows.flatMap(({ id, payload }) => {
      const event = generationEventSchema.parse(payload)
      return event.type === 'step' && event.preview !== null ? [[id, event.preview] as const] : []
    }),
  )
}
