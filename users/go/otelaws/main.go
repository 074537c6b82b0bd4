// otelaws' middlewares trace each call that the session's credentials sign.
// title: otelaws (OpenTelemetry)
// framework: go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws

package main

import (
	"context"
	"log"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	spans := tracetest.NewInMemoryExporter()
	provider := trace.NewTracerProvider(trace.WithSyncer(spans))
	cfg := refreshed.Must(config.LoadDefaultConfig(context.Background()))
	otelaws.AppendMiddlewares(&cfg.APIOptions, otelaws.WithTracerProvider(provider))
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}))
	defer session.Close()
	client := s3.NewFromConfig(session.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true })
	calls := 0
	refreshed.Until(func(ctx context.Context) error {
		calls++
		_, err := client.ListBuckets(ctx, nil)
		return err
	})
	traced := 0
	for _, span := range spans.GetSpans() {
		if span.Name == "S3.ListBuckets" {
			traced++
		}
	}
	if traced != calls {
		log.Fatalf("%d calls, %d spans", calls, traced)
	}
}
