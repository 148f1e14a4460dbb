// ListBuckets, CreateBucket, HeadBucket, GetBucketLocation, DeleteBucket.
import { bucketOf, type Operation, OWNER, sendEmpty, sendXml } from './context.ts'

export const listBuckets: Operation = async ({ response, objects }) => {
  const buckets = await objects.listBuckets()
  sendXml(response, 'ListAllMyBucketsResult', {
    Owner: OWNER,
    Buckets: { Bucket: buckets.map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt.toISOString() })) },
  })
}

export const createBucket: Operation = async ({ request, response, objects, receive }) => {
  // The body may name a region; there is one here, and the signature already names it.
  if (Number(request.headers['content-length'] ?? 0) > 0) for await (const _ of receive().bytes);
  const bucket = bucketOf(request)
  await objects.createBucket(bucket)
  sendEmpty(response, 200, { Location: `/${bucket}` })
}

export const headBucket: Operation = async ({ request, response, objects, region }) => {
  await objects.requireBucket(bucketOf(request))
  sendEmpty(response, 200, { 'x-amz-bucket-region': region })
}

export const getBucketLocation: Operation = async ({ request, response, objects, region }) => {
  await objects.requireBucket(bucketOf(request))
  // us-east-1 is the region without a name.
  sendXml(response, 'LocationConstraint', region === 'us-east-1' ? {} : { '#text': region })
}

export const deleteBucket: Operation = async ({ request, response, objects }) => {
  await objects.deleteBucket(bucketOf(request))
  sendEmpty(response, 204)
}
