"""boto3 against an S3 endpoint; docs/storage.md says how to run it. Needs AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION. Ends with "boto3: all checks passed", or at the first that did not."""

import io
import os
import secrets
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

# boto3 presigns with the retired SigV2 unless told.
s3 = boto3.client("s3", config=Config(signature_version="s3v4", retries={"max_attempts": 1}))
bucket = f"boto3-{secrets.token_hex(6)}"


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    raise AssertionError(f"{call} was accepted")


def ok(what):
    print("ok  ", what)


s3.create_bucket(Bucket=bucket)
body = os.urandom(200_000)
s3.put_object(Bucket=bucket, Key="a/ü +&<>.png", Body=body, ContentType="image/png", Metadata={"seed": "7"})
answer = s3.get_object(Bucket=bucket, Key="a/ü +&<>.png")
assert answer["Body"].read() == body and answer["ContentType"] == "image/png" and answer["Metadata"] == {"seed": "7"}
ok("put and get, byte for byte, with metadata")

# A file object that cannot be rewound is sent aws-chunked with a trailer.
s3.upload_fileobj(io.BytesIO(body[:70_000]), bucket, "stream")
assert s3.head_object(Bucket=bucket, Key="stream")["ContentLength"] == 70_000
ok("70,000-byte stream")

big = os.urandom(17_000_000)
s3.upload_fileobj(io.BytesIO(big), bucket, "big", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
target = io.BytesIO()
s3.download_fileobj(bucket, "big", target)
assert target.getvalue() == big and s3.head_object(Bucket=bucket, Key="big")["ETag"].endswith('-4"')
ok("17 MB in four parts")

for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):
    s3.put_object(Bucket=bucket, Key=f"sum/{algorithm}", Body=body, ChecksumAlgorithm=algorithm)
    answer = s3.get_object(Bucket=bucket, Key=f"sum/{algorithm}", ChecksumMode="ENABLED")
    assert answer[f"Checksum{algorithm}"] and answer["Body"].read() == body
ok("five checksums")

keys = [f"page/{index:04d} é" for index in range(25)]
for key in keys:
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="page/", PaginationConfig={"PageSize": 4})
assert [entry["Key"] for page in pages for entry in page["Contents"]] == keys
ok("pages of a list, url-encoded")

s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a/ü +&<>.png"})
assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body
ok("copy")

assert code_of(s3.put_object, Bucket=bucket, Key="copy", Body=b"", IfNoneMatch="*") == "PreconditionFailed"
assert code_of(s3.get_object, Bucket=bucket, Key="nothing") == "NoSuchKey"
assert code_of(s3.get_object, Bucket=bucket, Key="copy", Range="bytes=200000-") == "InvalidRange"
stranger = boto3.client(
    "s3",
    aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key="wrong",
    config=Config(retries={"max_attempts": 1}),
)
assert code_of(stranger.get_object, Bucket=bucket, Key="copy") == "SignatureDoesNotMatch"
ok("errors have S3's names")

url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "copy"}, ExpiresIn=60)
assert urllib.request.urlopen(url).read() == body
put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "presigned", "ContentType": "image/png"})
request = urllib.request.Request(put, data=body, method="PUT", headers={"Content-Type": "image/png"})
assert urllib.request.urlopen(request).status == 200
try:
    urllib.request.urlopen(url.replace("/copy?", "/big?"))
    raise AssertionError("a presigned URL opened another object")
except urllib.error.HTTPError as error:
    assert error.code == 403
ok("presigned GET and PUT")

listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in listed]})
assert len(answer["Deleted"]) == len(listed) and "Errors" not in answer
s3.delete_bucket(Bucket=bucket)
ok("delete everything")
print(f"boto3: all checks passed (boto3 {boto3.__version__})")
