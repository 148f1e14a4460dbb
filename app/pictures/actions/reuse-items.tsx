// The menu's ways to take a picture's settings over into the form.
import { Copy, Dices, Shuffle, Type } from 'lucide-react'
import { useReuse } from '#app/draft/use-reuse.ts'
import { messages } from '#app/messages/index.ts'
import { MenuItem } from '#app/ui/menu.tsx'
import type { GenerationDto, ImageDto } from '#contracts/generation.ts'

const t = messages.image

export function ReuseItems({ generation, image }: { generation: GenerationDto; image: ImageDto }) {
  const { reuse } = useReuse()
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
