// Where browsers PUT their pictures, as a CSP source: the origin of the presigned URLs the storage client will make.

interface BucketAddress {
  readonly S3_ENDPOINT?: string | undefined
  readonly S3_PUBLIC_ENDPOINT?: string | undefined
  readonly S3_REGION: string
  readonly S3_BUCKET: string
  readonly S3_FORCE_PATH_STYLE: boolean
}

export function uploadOrigin(env: BucketAddress): string {
  const endpoint = new URL(env.S3_PUBLIC_ENDPOINT ?? env.S3_ENDPOINT ?? `https://s3.${env.S3_REGION}.amazonaws.com`)
  return env.S3_FORCE_PATH_STYLE ? endpoint.origin : `${endpoint.protocol}//${env.S3_BUCKET}.${endpoint.host}`
}
