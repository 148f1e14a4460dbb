// The grid's tiles: every image that is or may still become a picture, in the order of the list.
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'

export interface HistoryTile {
  readonly generation: GenerationDto
  readonly image: ImageDto
}

export function historyTiles(generations: readonly GenerationDto[]): readonly HistoryTile[] {
  return generations.flatMap((generation) =>
    generation.images
      .filter((image) => image.status !== 'failed' && image.status !== 'canceled')
      .map((image) => ({ generation, image })),
  )
}

export const aspectOf = ({ generation }: HistoryTile): number => generation.recipe.width / generation.recipe.height
