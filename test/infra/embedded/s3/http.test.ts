// Small parts of the embedded endpoint: XML, ranges, binding, requests it does not know.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readRange } from '#infra/embedded/s3/http/range.ts'
import { toS3Error } from '#infra/embedded/s3/http/s3-error.ts'
import { children, readXml, text, writeXml } from '#infra/embedded/s3/http/xml.ts'
import { startEmbeddedS3 } from '#infra/embedded/s3/start-embedded-s3.ts'

describe('XML', () => {
  const read = (xml: string) => readXml(Buffer.from(xml), 'Delete')

  test('any text is read as it was written, or refused where XML has no room for it', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters it is about
    const hasNoRoom = (value: string) => /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(value)
    // Code points as numbers: a string of mapped units takes fast-check ten times as long.
    const codePoint = fc.oneof(
      fc.nat(0xff),
      fc.integer({ min: 0x100, max: 0xd7ff }),
      fc.integer({ min: 0xe000, max: 0x10ffff }),
    )
    const anyText = fc.array(codePoint, { maxLength: 30 }).map((points) => String.fromCodePoint(...points))
    fc.assert(
      fc.property(anyText, (value) => {
        const xml = Buffer.from(writeXml('Delete', { Object: { Key: value } }))
        if (hasNoRoom(value)) {
          expect(() => readXml(xml, 'Delete')).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
        } else {
          expect(text(children(readXml(xml, 'Delete'), 'Object')[0] ?? {}, 'Key')).toBe(value)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('one child and many are both lists', () => {
    expect(children(read('<Delete><Object><Key>a</Key></Object></Delete>'), 'Object')).toEqual([{ Key: 'a' }])
    const two = '<Object><Key>1</Key></Object><Object><Key>002</Key></Object>'
    expect(children(read(`<Delete>${two}</Delete>`), 'Object')).toEqual([{ Key: '1' }, { Key: '002' }])
  })

  test('ten thousand escaped keys are no bomb', () => {
    const objects = '<Object><Key>&quot;&#10;&quot;</Key></Object>'.repeat(10_000)
    expect(children(read(`<Delete>${objects}</Delete>`), 'Object')).toHaveLength(10_000)
  })

  test.each([
    ['not closed', '<Delete><Object>'],
    ['another root', '<Create></Create>'],
    ['a document type', '<!DOCTYPE Delete [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>'],
    ['nothing', ''],
    ['no XML', '{"Delete":{}}'],
    ['nested too deep', `${'<Delete>'.repeat(50)}${'</Delete>'.repeat(50)}`],
    ['a name that is a trap', '<Delete><__proto__><Key>a</Key></__proto__></Delete>'],
  ])('%s is MalformedXML', (_what, xml) => {
    expect(() => read(xml)).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
  })

  test('invalid UTF-8 is MalformedXML', () => {
    const bytes = Buffer.concat([Buffer.from('<Delete>'), Buffer.from([0xff, 0xfe]), Buffer.from('</Delete>')])
    expect(() => readXml(bytes, 'Delete')).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
  })
})

describe('ranges', () => {
  test('a range lies within the object, or there is none, or it is InvalidRange', () => {
    const side = fc.option(fc.nat(2_000), { nil: '' as const })
    fc.assert(
      fc.property(side, side, fc.nat(1_000), (first, last, sizeBytes) => {
        try {
          const range = readRange(`bytes=${first}-${last}`, sizeBytes)
          if (range === null) return
          expect(range.start).toBeLessThanOrEqual(range.end)
          expect(range.end).toBeLessThan(sizeBytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidRange' })
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([undefined, '', 'bytes=a-b', 'bytes=0-1,3-4', 'items=0-1', 'bytes=5-2', 'bytes=-'])(
    '%s means the whole object',
    (header) => {
      expect(readRange(header, 100)).toBeNull()
    },
  )
})

test.each(['0.0.0.0', '::', '192.168.0.1', 'example.com', ''])('binding to %j is refused', async (host) => {
  const start = startEmbeddedS3({ dir: '/nowhere', port: 0, host, accessKeyId: 'a', secretAccessKey: 'b' })
  await expect(start).rejects.toThrow('loopback only')
})

test('an unexpected error says nothing of the inside', () => {
  const answer = toS3Error(new Error('/secret/path: password hunter2'))
  expect(answer).toMatchObject({ code: 'InternalError', status: 500 })
  expect(answer.message).not.toContain('secret')
})

test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s is 507', (code) => {
  expect(toS3Error(Object.assign(new Error(), { code }))).toMatchObject({ code: 'InternalError', status: 507 })
})
