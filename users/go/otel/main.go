// A span for each refresh, from the session's events; the spans of STS calls (otelaws) are
// children of the caller's.
// title: OpenTelemetry, a span for each refresh
// framework: go.opentelemetry.io/otel/sdk

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

const denied = "arn:aws:iam::123456789012:role/denied"

var (
	spans    = tracetest.NewInMemoryExporter()
	provider = sdk.NewTracerProvider(sdk.WithSyncer(spans))
	tracer   = provider.Tracer("users")
)

func main() {
	cfg := refreshed.Must(config.LoadDefaultConfig(context.Background()))
	otelaws.AppendMiddlewares(&cfg.APIOptions, otelaws.WithTracerProvider(provider))
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: refreshed.RoleARN, RoleSessionName: "watched"},
		evercreds.WithEvents(spanPerRefresh(tracer))))
	client := s3.NewFromConfig(session.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true })
	secrets := []string{os.Getenv("AWS_SECRET_ACCESS_KEY")}
	refreshed.Until(func(ctx context.Context) error {
		ctx, span := tracer.Start(ctx, "request")
		defer span.End()
		held, err := session.Retrieve(ctx)
		if err != nil {
			return err
		}
		secrets = append(secrets, held.AccessKeyID, held.SecretAccessKey, held.SessionToken)
		_, err = client.ListBuckets(ctx, nil)
		return err
	})
	refuse(cfg)
	must(session.Close()) // the hook has had the last event
	look(spans.GetSpans(), secrets)
}

// refuse makes a session of a role that STS denies.
func refuse(cfg aws.Config) {
	fault, _ := json.Marshal(map[string]string{"kind": "access_denied", "role": denied})
	reply := refreshed.Must(http.Post(os.Getenv("CONTROL")+"/faults", "application/json", bytes.NewReader(fault)))
	must(reply.Body.Close())
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: denied, RoleSessionName: "denied"},
		evercreds.WithMaxWait(0), evercreds.WithEvents(spanPerRefresh(tracer))))
	if _, err := session.Retrieve(context.Background()); err == nil {
		log.Fatal("the role was not denied")
	}
	must(session.Close())
}

// look verifies that the spans tell all, and no secret.
func look(all tracetest.SpanStubs, secrets []string) {
	requests, good, bad, children := map[trace.TraceID]bool{}, 0, 0, 0
	for _, span := range all {
		requests[span.SpanContext.TraceID()] = requests[span.SpanContext.TraceID()] || span.Name == "request"
	}
	for _, span := range all {
		told := map[string]string{}
		for _, a := range span.Attributes {
			told[string(a.Key)] = a.Value.String()
		}
		switch {
		case span.Name == "STS.AssumeRole" && requests[span.SpanContext.TraceID()] && span.Parent.IsValid():
			children++
		case span.Name != "evercreds.refresh":
		case told["evercreds.role"] == refreshed.RoleARN && told["evercreds.session_name"] == "watched" &&
			slices.Contains([]string{"first", "advisory", "mandatory"}, told["evercreds.cause"]) && !span.EndTime.Before(span.StartTime):
			good++
		case told["evercreds.role"] == denied && told["evercreds.cause"] == "first" &&
			told["evercreds.aws_error_code"] == "AccessDenied" && told["evercreds.error_class"] == "permanent":
			bad++
		default:
			log.Fatalf("what span is this: %+v", span)
		}
	}
	if good < 2 || bad != 1 || children < 2 {
		log.Fatalf("%d refreshes, %d denied, %d calls of STS within a request", good, bad, children)
	}
	written := fmt.Sprintf("%+v", all)
	for _, secret := range secrets {
		if strings.Contains(written, secret) {
			log.Fatal("a span tells a secret")
		}
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
