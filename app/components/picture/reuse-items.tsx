// The menu's ways to take a picture's settings over into the form.
import { Copy, Dices, Shuffle, Type } from 'lucide-react'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'
import { useGenerationActions } from '../../generations/use-generation-actions.ts'
import { messages } from '../../messages/index.ts'
import { MenuItem } from '../ui/menu.tsx'

const t = messages.image

export function ReuseItems({ generation, image }: { generation: GenerationDto; image: ImageDto }) {
  const { reuse } = useGenerationActions()
  return (
    <>
      <MenuItem onClick={() => reuse(generation, image, 'remix')}>
        <Shuffle aria-hidden />
        {t.remix}
      </MenuItem>
      <MenuItem onClick={() => reuse(generation, image, 'prompt')}>
        <Type aria-hidden />
        {`${t.reuse} ${t.reusePrompt.toLowerCase()}`}
      </MenuItem>
      <MenuItem onClick={() => reuse(generation, image, 'seed')}>
        <Dices aria-hidden />
        {`${t.reuse} ${t.reuseSeed.toLowerCase()}`}
      </MenuItem>
      <MenuItem onClick={() => reuse(generation, image, 'all')}>
        <Copy aria-hidden />
        {`${t.reuse} ${t.reuseAll.toLowerCase()}`}
      </MenuItem>
    </>
  )
}
