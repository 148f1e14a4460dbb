// A picture file → every text in it that could hold a recipe, by what the bytes are, never by a file's name.
import { isAvif, readAvifTexts } from './avif.ts'
import { readExif } from './exif.ts'
import { isJpeg, readJpegTexts } from './jpeg.ts'
import { METADATA_TEXT_MAX_BYTES } from './limits.ts'
import { isPng, pngChunks, readPngText } from './png.ts'
import type { TextEntry, TextsFound } from './text-entry.ts'
import { isWebp, readWebpTexts } from './webp.ts'
import { readXmp } from './xmp.ts'

export type FileFormat = 'png' | 'jpeg' | 'webp' | 'avif' | 'text'

export interface FileTexts extends TextsFound {
  /** undefined: none of the kinds read here. */
  readonly format: FileFormat | undefined
}

/** Texts of a PNG, JPEG, WebP, AVIF or plain text file. Never throws; costs a walk over the container, no pixels. */
export async function readTexts(file: Uint8Array): Promise<FileTexts> {
  if (isPng(file)) return { format: 'png', ...(await readPngTexts(file)) }
  if (isJpeg(file)) return { format: 'jpeg', ...readJpegTexts(file) }
  if (isWebp(file)) return { format: 'webp', ...readWebpTexts(file) }
  if (isAvif(file)) return { format: 'avif', ...readAvifTexts(file) }
  const text = plainText(file)
  if (text !== undefined) return { format: 'text', entries: [{ key: 'file', text }], problems: [] }
  return { format: undefined, entries: [], problems: ['The file is no PNG, JPEG, WebP or AVIF, and no text'] }
}

async function readPngTexts(png: Uint8Array): Promise<TextsFound> {
  const { entries, problems } = await readPngText(png)
  const all: TextEntry[] = []
  for (const { keyword, text } of entries) {
    if (keyword === 'XML:com.adobe.xmp') all.push(...readXmp(text).entries)
    else all.push({ key: keyword, text })
  }
  const exif = readPngExif(png)
  return { entries: [...all, ...exif.entries], problems: [...problems, ...exif.problems] }
}

/** The eXIf chunk, which SwarmUI and converters write. */
function readPngExif(png: Uint8Array): TextsFound {
  for (const chunk of pngChunks(png)) {
    if (chunk.type === 'eXIf' && chunk.data.length <= METADATA_TEXT_MAX_BYTES && chunk.crcMatches()) {
      return readExif(chunk.data)
    }
  }
  return { entries: [], problems: [] }
}

function plainText(file: Uint8Array): string | undefined {
  if (file.length === 0 || file.length > METADATA_TEXT_MAX_BYTES) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(file)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
