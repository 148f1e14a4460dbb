import { describe, expect, it } from 'vitest'
import { contentSecurityPolicy } from '#app/security/content-security-policy.ts'
import { uploadOrigin } from '#app/security/upload-origin.ts'

const directives = (policy: string): Map<string, string> =>
  new Map(policy.split('; ').map((one) => [one.split(' ')[0] ?? '', one.split(' ').slice(1).join(' ')]))

describe('contentSecurityPolicy', () => {
  const site = { nonce: 'abc', uploadOrigin: 'https://bucket.example', development: false, https: true }

  it('lets scripts run by nonce only', () => {
    const script = directives(contentSecurityPolicy(site)).get('script-src') ?? ''
    expect(script).toContain("'nonce-abc'")
    expect(script).not.toMatch(/unsafe-inline|unsafe-eval|https?:/)
  })

  it('lets workers come from the site itself and from nowhere else', () => {
    expect(directives(contentSecurityPolicy(site)).get('worker-src')).toBe("'self'")
  })

  it('lets nobody frame the site, and uploads go to the bucket and nowhere else', () => {
    const policy = directives(contentSecurityPolicy(site))
    expect(policy.get('frame-ancestors')).toBe("'none'")
    expect(policy.get('connect-src')).toBe("'self' https://bucket.example")
    expect(policy.get('base-uri')).toBe("'none'")
    expect(policy.get('object-src')).toBe("'none'")
  })

  it('upgrades to HTTPS only where the site is served over it', () => {
    expect(contentSecurityPolicy(site)).toContain('upgrade-insecure-requests')
    expect(contentSecurityPolicy({ ...site, https: false })).not.toContain('upgrade-insecure-requests')
  })
})

describe('uploadOrigin', () => {
  const bucket = { S3_REGION: 'eu-central-1', S3_BUCKET: 'pictures', S3_FORCE_PATH_STYLE: true }

  it('is the public endpoint where there is one', () => {
    expect(
      uploadOrigin({ ...bucket, S3_ENDPOINT: 'http://minio:9000', S3_PUBLIC_ENDPOINT: 'https://s3.example.org/' }),
    ).toBe('https://s3.example.org')
  })

  it('is the endpoint otherwise, port included', () => {
    expect(uploadOrigin({ ...bucket, S3_ENDPOINT: 'http://127.0.0.1:7070' })).toBe('http://127.0.0.1:7070')
  })

  it('carries the bucket in its name when addresses are virtual-hosted', () => {
    expect(uploadOrigin({ ...bucket, S3_FORCE_PATH_STYLE: false })).toBe(
      'https://pictures.s3.eu-central-1.amazonaws.com',
    )
  })
})
