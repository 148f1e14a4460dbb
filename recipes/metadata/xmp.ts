// XMP packets, as far as recipes live in them: the text of a few properties, whether written as attributes, as elements or as
// language alternatives. A scanner for these properties, not an XML parser: no entities but the five of XML, nothing resolved.
import type { TextEntry, TextsFound } from './text-entry.ts'

/** The namespace of our own property; a URN, because nothing is served there. */
export const DEWPOINT_NAMESPACE = 'urn:dewpoint:recipe:1'

/** Draw Things keeps its JSON in exif:UserComment, other tools prompts in the description; ours is dewpoint:recipe. */
const PROPERTIES = ['exif:UserComment', 'dc:description', 'dewpoint:recipe', 'xmp:CreatorTool']

export function readXmp(packet: string): TextsFound {
  const entries: TextEntry[] = []
  for (const property of PROPERTIES) {
    const text = elementText(packet, property) ?? attributeText(packet, property)
    if (text !== undefined && text !== '') entries.push({ key: `xmp:${property}`, text })
  }
  return { entries, problems: [] }
}

/** Text inside the first `<property …>…</property>`, tags such as rdf:Alt and rdf:li taken away. */
function elementText(packet: string, property: string): string | undefined {
  const open = packet.indexOf(`<${property}`)
  if (open === -1 || !/[\s/>]/.test(packet[open + property.length + 1] ?? '')) return undefined
  const start = packet.indexOf('>', open)
  const end = packet.indexOf(`</${property}>`, start)
  if (start === -1 || end === -1 || packet[start - 1] === '/') return undefined
  const inner = packet.slice(start + 1, end)
  // With list items only their text counts; the white space that indents them is not part of it.
  const item = inner.indexOf('<rdf:li')
  if (item === -1) return unescapeXml(inner)
  const itemStart = inner.indexOf('>', item)
  const itemEnd = inner.indexOf('</rdf:li>', itemStart)
  return itemStart === -1 || itemEnd === -1 ? undefined : unescapeXml(inner.slice(itemStart + 1, itemEnd))
}

function attributeText(packet: string, property: string): string | undefined {
  const at = packet.indexOf(`${property}=`)
  const quote = packet[at + property.length + 1]
  if (at === -1 || (quote !== '"' && quote !== "'")) return undefined
  const start = at + property.length + 2
  const end = packet.indexOf(quote, start)
  return end === -1 ? undefined : unescapeXml(packet.slice(start, end))
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/g,
    (whole, hex, decimal, name) => {
      if (name !== undefined) return ENTITIES[name] ?? whole
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
    },
  )
}

/** A packet holding the recipe's canonical JSON. */
export function writeXmp(recipeJson: string): Uint8Array<ArrayBuffer> {
  const packet =
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>' +
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    `<rdf:Description rdf:about="" xmlns:dewpoint="${DEWPOINT_NAMESPACE}">` +
    `<dewpoint:recipe>${escapeXml(recipeJson)}</dewpoint:recipe>` +
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
  return new TextEncoder().encode(packet)
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => (character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;'))
}
