// XML in and out, by fast-xml-parser. S3 speaks XML for lists and errors only; objects never pass here.
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { S3Error } from './s3-error.ts'

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  ignoreAttributes: true,
  // Numeric references (&#13;) are part of this option; SDKs write keys with them.
  htmlEntities: true,
  // 10,000 parts bring 20,000 quotes; the parser's default expands 1,000.
  processEntities: { enabled: true, maxTotalExpansions: 100_000, maxExpandedLength: 10_000_000 },
  // Nothing S3 reads nests deeper than four.
  maxNestedTags: 10,
})

const builder = new XMLBuilder({
  processEntities: false,
  tagValueProcessor: (_name, value) => escapeText(String(value)),
})

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be escaped
const UNSAFE = /[&<>"\u0000-\u0008\u000b-\u001f]/g
/** Numeric references, for what XML gives a meaning to and for what a reader would drop or fold (a CR becomes LF). */
const escapeText = (text: string): string => text.replace(UNSAFE, (character) => `&#${character.charCodeAt(0)};`)

export type XmlValue = string | number | boolean | undefined | XmlValue[] | { readonly [name: string]: XmlValue }

/** One root element, in S3's namespace; undefined fields are left out. */
export function writeXml(root: string, content: { readonly [name: string]: XmlValue }): string {
  const body = builder.build(content)
  const namespace = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${body}</${root}>`
}

/** The content of the one root element `root`; anything else is MalformedXML. */
export function readXml(bytes: Uint8Array, root: string): Record<string, unknown> {
  let content: unknown
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    refuseUnrepresentable(text)
    // A document type is where entity bombs live, and no S3 client sends one.
    if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) throw new Error('not well-formed')
    content = (parser.parse(text) as Record<string, unknown>)[root]
  } catch (error) {
    throw malformed({ cause: error })
  }
  if (typeof content !== 'object' || content === null) throw malformed()
  return content as Record<string, unknown>
}

/**
 * Control characters have no place in XML 1.0, written out or as a reference, and the parser drops them: a key would
 * become another key. S3 takes them; a client that has such a key deletes it alone.
 */
function refuseUnrepresentable(text: string): void {
  if (UNREPRESENTABLE.test(text)) throw new Error('control characters')
  for (const [, hex, decimal] of text.matchAll(/&#(?:x([0-9a-f]+)|([0-9]+));/gi)) {
    const code = Number.parseInt(hex ?? decimal ?? '', hex === undefined ? 10 : 16)
    if (code > 0x10ffff || UNREPRESENTABLE.test(String.fromCodePoint(code))) throw new Error('control characters')
  }
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters it is about
const UNREPRESENTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u

/** A child that may appear once or often, as a list. */
export function children(content: Record<string, unknown>, name: string): Record<string, unknown>[] {
  const value = content[name]
  const list = value === undefined ? [] : Array.isArray(value) ? value : [value]
  return list.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw malformed()
    return item as Record<string, unknown>
  })
}

export function text(content: Record<string, unknown>, name: string): string | undefined {
  const value = content[name]
  if (value === undefined || typeof value === 'string') return value
  throw malformed()
}

const malformed = (options?: ErrorOptions) =>
  new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our schema.',
    options,
  )
