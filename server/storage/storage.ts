// What the server asks of an object store, in plain data. Any S3 API can be behind it; nothing of the AWS SDK shows through.

export interface StoredObject {
  readonly body: ReadableStream<Uint8Array>
  readonly contentType: string
  readonly sizeBytes: number
  readonly etag: string
}

export interface ObjectFacts {
  readonly contentType: string
  readonly sizeBytes: number
  readonly etag: string
  readonly lastModified: Date
}

/** Who will open a presigned URL: `public` (a browser, a worker elsewhere) or `internal` (beside this server). */
export type Audience = 'public' | 'internal'

export interface PresignPutOptions {
  readonly key: string
  readonly contentType: string
  /** Signed: the store refuses a body of any other length. */
  readonly sizeBytes: number
  /** Lower-case hex. Signed and verified by the store when given; a few S3-compatible stores do not know it. */
  readonly sha256?: string
  /** At most PRESIGN_EXPIRY_MAX_S. */
  readonly expiresInS?: number
  readonly audience?: Audience
}

export interface PresignedPut {
  readonly url: string
  /** Send exactly these; they are part of the signature. Browsers set content-length themselves. */
  readonly headers: Record<string, string>
  readonly expiresAt: Date
}

export interface PresignGetOptions {
  readonly key: string
  readonly expiresInS?: number
  readonly audience?: Audience
}

/**
 * Objects by key. A missing object is `null`, never an error. Every failure of the store itself is a DewpointError
 * `storage.unavailable` with its cause; a misuse (a key, a size or an expiry out of range) is a RangeError.
 */
export interface Storage {
  put(key: string, bytes: Uint8Array, options: { readonly contentType: string }): Promise<{ etag: string }>
  get(key: string, options?: { readonly signal?: AbortSignal }): Promise<StoredObject | null>
  head(key: string): Promise<ObjectFacts | null>
  /** Missing keys are no error: deleting twice is deleting once. */
  delete(keys: readonly string[]): Promise<void>
  /** Keys under a prefix in byte order, page by page as they are consumed. */
  list(prefix: string): AsyncIterable<{ key: string; sizeBytes: number; lastModified: Date }>
  presignPut(options: PresignPutOptions): Promise<PresignedPut>
  presignGet(options: PresignGetOptions): Promise<string>
  /** Creates the bucket where it does not exist yet. */
  ensureBucket(): Promise<void>
  /** Closes idle connections. */
  dispose(): void
}
