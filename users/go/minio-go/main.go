// A credentials.Provider of minio-go, in a dozen lines, asks the session before each call.
// title: minio-go
// framework: github.com/minio/minio-go/v7
// moto: yes

package main

import (
	"context"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

// provider gives minio-go what the session holds. It says each time that its value has
// expired, since the session itself knows when to refresh.
type provider struct{ session *evercreds.Session }

func (p provider) Retrieve() (credentials.Value, error) {
	return p.RetrieveWithCredContext(nil)
}

func (p provider) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	held, err := p.session.Retrieve(ctx)
	return credentials.Value{
		AccessKeyID: held.AccessKeyID, SecretAccessKey: held.SecretAccessKey, SessionToken: held.SessionToken,
		SignerType: credentials.SignatureV4,
	}, err
}

func (provider) IsExpired() bool { return true }

func main() {
	ctx := context.Background()
	cfg := refreshed.Must(config.LoadDefaultConfig(ctx))
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}))
	defer session.Close()
	endpoint := refreshed.Must(url.Parse(os.Getenv("AWS_ENDPOINT_URL")))
	client := refreshed.Must(minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.New(provider{session}), Region: cfg.Region, BucketLookup: minio.BucketLookupPath,
	}))
	if err := client.MakeBucket(ctx, "minio", minio.MakeBucketOptions{}); err != nil {
		panic(err)
	}
	refreshed.Until(func(ctx context.Context) error {
		_, err := client.PutObject(ctx, "minio", "note.txt", strings.NewReader("well"), 4, minio.PutObjectOptions{})
		if err != nil {
			return err
		}
		_, err = client.StatObject(ctx, "minio", "note.txt", minio.StatObjectOptions{})
		return err
	})
}
