// The errors S3 has names for, with the status each travels under. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html

const STATUS = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MethodNotAllowed: 405,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  NotModified: 304,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const

export type S3ErrorCode = keyof typeof STATUS

export class S3Error extends Error {
  readonly code: S3ErrorCode
  readonly status: number

  constructor(code: S3ErrorCode, message: string, options: ErrorOptions & { status?: number } = {}) {
    super(message, options)
    this.name = 'S3Error'
    this.code = code
    this.status = options.status ?? STATUS[code]
  }
}

/** Out of room: disk, quota, or the process's file size limit. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** What to answer for anything thrown. Unknown errors say nothing of the inside; the log has them. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  if (FULL.has(code)) {
    return new S3Error('InternalError', 'There is no room left on the disk.', { cause: error, status: 507 })
  }
  return new S3Error('InternalError', 'We encountered an internal error. Please try again.', { cause: error })
}
