package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/evercreds/evercreds"
)

// spanPerRefresh is for evercreds.WithEvents: it makes a span of each refresh.
func spanPerRefresh(tracer trace.Tracer) func(evercreds.Event) {
	var begun time.Time
	return func(e evercreds.Event) { // the events of a session come one after the other
		switch e.Kind {
		case evercreds.EventStart:
			begun = e.At
		case evercreds.EventRefresh, evercreds.EventFailure:
			_, span := tracer.Start(context.Background(), "evercreds.refresh",
				trace.WithTimestamp(begun), trace.WithAttributes(
					attribute.String("evercreds.session_name", e.SessionName),
					attribute.String("evercreds.role", e.Role),
					attribute.String("evercreds.cause", e.Cause.String())))
			if e.Err != nil {
				span.SetStatus(codes.Error, e.Err.Error())
				span.SetAttributes(
					attribute.String("evercreds.error_class", e.ErrorClass.String()),
					attribute.String("evercreds.aws_error_code", e.AWSErrorCode))
			}
			span.End(trace.WithTimestamp(e.At))
		}
	}
}
