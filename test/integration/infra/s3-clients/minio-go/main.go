// minio-go against an S3 endpoint; docs/storage.md says how to run it. The one client at hand that signs every chunk of a
// body (STREAMING-AWS4-HMAC-SHA256-PAYLOAD, with and without trailers). Needs AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY. Ends with "minio-go: all checks passed", or at the first that did not.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	ctx := context.Background()
	endpoint := must(url.Parse(os.Getenv("AWS_ENDPOINT_URL"))).Host
	keys := credentials.NewStaticV4(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "")
	bucket := fmt.Sprintf("minio-go-%d", os.Getpid())
	for _, trailing := range []bool{false, true} {
		client := must(minio.New(endpoint, &minio.Options{Creds: keys, Region: "us-east-1", TrailingHeaders: trailing}))
		if err := client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
			log.Fatal(err)
		}
		for _, size := range []int{0, 1, 70_000, 200_000, 17 << 20} {
			data := make([]byte, size)
			must(rand.Read(data))
			key := fmt.Sprintf("k/%d é", size)
			must(client.PutObject(ctx, bucket, key, bytes.NewReader(data), int64(size), minio.PutObjectOptions{}))
			back := must(io.ReadAll(must(client.GetObject(ctx, bucket, key, minio.GetObjectOptions{}))))
			if !bytes.Equal(back, data) {
				log.Fatalf("%s came back otherwise", key)
			}
			fmt.Printf("ok   %d bytes, trailers: %v\n", size, trailing)
		}
		for object := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}) {
			if object.Err != nil {
				log.Fatal(object.Err)
			}
			if err := client.RemoveObject(ctx, bucket, object.Key, minio.RemoveObjectOptions{}); err != nil {
				log.Fatal(err)
			}
		}
		if err := client.RemoveBucket(ctx, bucket); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("minio-go: all checks passed")
}
