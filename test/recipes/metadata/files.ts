// Picture files with metadata, made without the code under test: sharp writes the containers, this file the EXIF bytes.
import sharp from 'sharp'

const picture = () => sharp({ create: { width: 32, height: 24, channels: 3, background: '#a46' } })

export type Order = 'le' | 'be'

/** A TIFF block with a first directory of ASCII tags and an Exif directory with a UserComment. */
export function exifBlock({
  order,
  tags = {},
  userComment,
}: {
  order: Order
  tags?: Record<number, string>
  userComment?: Buffer
}): Buffer {
  const values: Buffer[] = []
  const entries: { tag: number; type: number; count: number; value: Buffer }[] = Object.entries(tags).map(
    ([tag, text]) => {
      const value = Buffer.from(`${text}\0`)
      return { tag: Number(tag), type: 2, count: value.length, value }
    },
  )
  const firstSize = 2 + (entries.length + 1) * 12 + 4
  const secondAt = 8 + firstSize
  let valueAt = secondAt + 2 + 12 + 4
  const u16 = (value: number) => {
    const bytes = Buffer.alloc(2)
    if (order === 'le') bytes.writeUInt16LE(value)
    else bytes.writeUInt16BE(value)
    return bytes
  }
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    if (order === 'le') bytes.writeUInt32LE(value)
    else bytes.writeUInt32BE(value)
    return bytes
  }
  const entry = (tag: number, type: number, count: number, value: Buffer) => {
    if (value.length <= 4)
      return Buffer.concat([u16(tag), u16(type), u32(count), value, Buffer.alloc(4 - value.length)])
    values.push(value)
    const at = valueAt
    valueAt += value.length
    return Buffer.concat([u16(tag), u16(type), u32(count), u32(at)])
  }
  const first = entries.map(({ tag, type, count, value }) => entry(tag, type, count, value))
  const comment = userComment ?? Buffer.alloc(0)
  const second = entry(0x9286, 7, comment.length, comment)
  return Buffer.concat([
    Buffer.from(order === 'le' ? 'II' : 'MM'),
    u16(42),
    u32(8),
    u16(entries.length + 1),
    ...first,
    Buffer.concat([u16(0x8769), u16(4), u32(1), u32(secondAt)]),
    u32(0),
    u16(1),
    second,
    u32(0),
    ...values,
  ])
}

export function utf16(text: string, order: Order): Buffer {
  const bytes = Buffer.from(text, 'utf16le')
  return order === 'le' ? bytes : bytes.swap16()
}

/** UserComment bytes: eight of charset, then the text. */
export const unicodeComment = (text: string, order: Order) =>
  Buffer.concat([Buffer.from('UNICODE\0'), utf16(text, order)])
export const asciiComment = (text: string) => Buffer.concat([Buffer.from('ASCII\0\0\0'), Buffer.from(text)])

export async function jpegWith(exif: Buffer | null, xmp?: string): Promise<Buffer> {
  const plain = await picture().jpeg().toBuffer()
  const segment = (body: Buffer) => {
    const head = Buffer.alloc(4)
    head.writeUInt16BE(0xffe1, 0)
    head.writeUInt16BE(body.length + 2, 2)
    return Buffer.concat([head, body])
  }
  const parts = [
    ...(exif === null ? [] : [segment(Buffer.concat([Buffer.from('Exif\0\0'), exif]))]),
    ...(xmp === undefined ? [] : [segment(Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`))]),
  ]
  return Buffer.concat([plain.subarray(0, 2), ...parts, plain.subarray(2)])
}

/** A WebP in the extended format, as sharp writes it, with its EXIF chunk's bytes replaced. */
export async function webpWith(exif: Buffer): Promise<Buffer> {
  const made = await picture()
    .withExif({ IFD0: { Software: 'x' } })
    .webp()
    .toBuffer()
  const at = made.indexOf('EXIF')
  const chunk = Buffer.alloc(8 + exif.length + (exif.length & 1))
  chunk.write('EXIF')
  chunk.writeUInt32LE(exif.length, 4)
  exif.copy(chunk, 8)
  const whole = Buffer.concat([made.subarray(0, at), chunk])
  whole.writeUInt32LE(whole.length - 8, 4)
  return whole
}

export async function avifWith(userComment: string, xmp: string): Promise<Buffer> {
  return picture()
    .withExif({ IFD2: { UserComment: userComment } })
    .withXmp(xmp)
    .avif({ effort: 0 })
    .toBuffer()
}

export const plainPng = await picture().png().toBuffer()
export const plainJpeg = await picture().jpeg().toBuffer()
export const plainWebp = await picture().webp().toBuffer()
export const losslessWebp = await picture().webp({ lossless: true }).toBuffer()

export function xmpPacket(inside: string): string {
  return (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ' +
    `xmlns:exif="http://ns.adobe.com/exif/1.0/">${inside}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
  )
}
