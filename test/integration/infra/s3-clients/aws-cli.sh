#!/usr/bin/env bash
# The real `aws` CLI against an S3 endpoint; docs/storage.md says how to run it. Needs AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
# AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION. Ends with "aws-cli: all checks passed", or at the first that did not.
set -euo pipefail

AWS=${AWS:-aws}
BUCKET="cli-$RANDOM$RANDOM"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"

check() { echo "ok   $1"; }
refused() { # refused CODE command…: the command fails and names the code
  local code=$1
  shift
  if "$@" >out.txt 2>&1; then echo "FAIL $* was accepted"; exit 1; fi
  grep -q "($code)" out.txt || { echo "FAIL $*: not $code"; cat out.txt; exit 1; }
}

head -c 200000 /dev/urandom >small.png
head -c 20000000 /dev/urandom >big.bin
mkdir -p tree/sub
cp small.png "tree/a b+c.png"
cp small.png "tree/sub/ü (1).png"

$AWS s3 mb "s3://$BUCKET" >/dev/null
$AWS s3 ls | grep "$BUCKET" >/dev/null
check "make and list buckets"
$AWS s3 cp small.png "s3://$BUCKET/u/small.png" --only-show-errors
$AWS s3 cp "s3://$BUCKET/u/small.png" back.png --only-show-errors
cmp small.png back.png
check "up and down, byte for byte"
$AWS s3 cp big.bin "s3://$BUCKET/big.bin" --only-show-errors
$AWS s3 cp "s3://$BUCKET/big.bin" - --only-show-errors | cmp - big.bin
check "20 MB in parts, byte for byte"
$AWS s3 sync tree "s3://$BUCKET/tree" --only-show-errors
test -z "$($AWS s3 sync tree "s3://$BUCKET/tree" --size-only)"
check "sync finds nothing to do the second time"
$AWS s3 sync "s3://$BUCKET/tree" copy --only-show-errors
diff -r tree copy
check "sync back"
$AWS s3 ls "s3://$BUCKET/tree/" | grep "PRE sub/" >/dev/null
check "list with a delimiter"
$AWS s3 mv "s3://$BUCKET/u/small.png" "s3://$BUCKET/moved.png" --only-show-errors
test "$($AWS s3api list-objects-v2 --bucket "$BUCKET" --prefix u/ --query 'length(Contents || `[]`)')" = 0
check "move"
$AWS s3api get-object --bucket "$BUCKET" --key moved.png --range bytes=10-19 part.bin >/dev/null
cmp part.bin <(tail -c +11 small.png | head -c 10)
check "range"
for algorithm in CRC32 CRC32C CRC64NVME SHA1 SHA256; do
  $AWS s3api put-object --bucket "$BUCKET" --key "sum/$algorithm" --body small.png --checksum-algorithm "$algorithm" >/dev/null
  $AWS s3api get-object --bucket "$BUCKET" --key "sum/$algorithm" --checksum-mode ENABLED sum.bin | grep "Checksum$algorithm" >/dev/null
  cmp sum.bin small.png
done
check "five checksums"
$AWS s3api put-object --bucket "$BUCKET" --key once --body small.png --if-none-match '*' >/dev/null
refused PreconditionFailed $AWS s3api put-object --bucket "$BUCKET" --key once --body small.png --if-none-match '*'
check "If-None-Match: *"
refused NoSuchKey $AWS s3api get-object --bucket "$BUCKET" --key nothing none.bin
refused NoSuchBucket $AWS s3 ls "s3://no-such-bucket-$BUCKET"
refused SignatureDoesNotMatch env AWS_SECRET_ACCESS_KEY=wrong $AWS s3 ls "s3://$BUCKET"
refused InvalidAccessKeyId env AWS_ACCESS_KEY_ID=nobody $AWS s3 ls "s3://$BUCKET"
check "errors have S3's names"
# Version 1 of the CLI presigns with the retired SigV2 unless told.
printf '[default]\ns3 =\n    signature_version = s3v4\n' >config
URL=$(AWS_CONFIG_FILE=$WORK/config $AWS s3 presign "s3://$BUCKET/moved.png" --expires-in 60)
curl -sf "$URL" | cmp - small.png
check "presign"
$AWS s3 rm "s3://$BUCKET" --recursive --only-show-errors
$AWS s3 rb "s3://$BUCKET" >/dev/null
check "remove all"
echo "aws-cli: all checks passed ($($AWS --version 2>&1))"
