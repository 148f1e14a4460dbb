// The checksums S3 knows besides Content-MD5, as base64 of their big-endian bytes. Algorithms are Node's and the SDK's own.
import { createHash, type Hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc'

export const CHECKSUM_ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number]

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  readonly base64: string
  /** Of a multipart upload's parts, not of its bytes: `base64` ends in `-count`. */
  readonly isComposite?: true
}

export interface RunningChecksum {
  update(piece: Uint8Array): void
  base64(): Promise<string>
}

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm}`

/** `x-amz-checksum-crc32` → `crc32`; null for any other header. */
export function algorithmOfHeader(name: string): ChecksumAlgorithm | null {
  return CHECKSUM_ALGORITHMS.find((algorithm) => checksumHeader(algorithm) === name) ?? null
}

export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  switch (algorithm) {
    case 'crc32':
      return startCrc32()
    case 'crc32c':
      return wrapSdk(new Crc32cJs())
    case 'crc64nvme':
      return wrapSdk(new Crc64NvmeJs())
    case 'sha1':
    case 'sha256':
      return wrapHash(createHash(algorithm))
    default:
      throw new TypeError(`Unknown checksum algorithm ${algorithm satisfies never}`)
  }
}

function startCrc32(): RunningChecksum {
  let value = 0
  return {
    update: (piece) => {
      value = crc32(piece, value)
    },
    async base64() {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(value)
      return bytes.toString('base64')
    },
  }
}

const wrapSdk = (checksum: Crc32cJs | Crc64NvmeJs): RunningChecksum => ({
  update: (piece) => checksum.update(piece),
  base64: async () => Buffer.from(await checksum.digest()).toString('base64'),
})

const wrapHash = (hash: Hash): RunningChecksum => ({
  update: (piece) => {
    hash.update(piece)
  },
  base64: async () => hash.digest('base64'),
})
