// Icon sets → sprites192.bin (RGBA, 192x192, one after another) and sprites192.json (label, tags, set), in the working folder.
// Names and keywords are CLDR's, by way of emojibase; an icon is found by its CLDR name turned into a slug.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import sharp from 'sharp'

const require = createRequire(import.meta.url)
const SETS = ['fluent-emoji', 'fluent-emoji-flat', 'noto']
const SIZE = 192
// Groups of emojibase: smileys, people, animals and nature, food, travel, activities, objects. Symbols and flags are left out.
const GROUPS = new Set([0, 1, 3, 4, 5, 6, 7])

const slug = (label) =>
  label
    .toLowerCase()
    .replace(/[’'“”!.]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')

const sprites = []
const pixels = []
const icons = new Map(SETS.map((set) => [set, require(`@iconify-json/${set}/icons.json`)]))
for (const { label, tags, group, subgroup } of require('emojibase-data/en/data.json')) {
  if (!GROUPS.has(group)) continue
  for (const [set, data] of icons) {
    const key = slug(label)
    const icon = data.icons[key] ?? data.icons[data.aliases?.[key]?.parent]
    if (icon === undefined) continue
    const width = icon.width ?? data.width ?? 16
    const height = icon.height ?? data.height ?? 16
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 ${width} ${height}">${icon.body}</svg>`
    const png = sharp(Buffer.from(svg), { density: (72 * SIZE) / width })
    const transparent = { r: 0, g: 0, b: 0, alpha: 0 }
    pixels.push(await png.resize(SIZE, SIZE, { fit: 'contain', background: transparent }).ensureAlpha().raw().toBuffer())
    sprites.push({ label, tags, group, subgroup, set })
  }
}
writeFileSync('sprites192.json', JSON.stringify(sprites))
writeFileSync('sprites192.bin', Buffer.concat(pixels))
console.log(`${sprites.length} sprites of ${new Set(sprites.map(({ label }) => label)).size} things`)
