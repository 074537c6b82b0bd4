import { SpanStatusCode } from "@opentelemetry/api";

/** Makes a span of each refresh of a session. */
export function spanPerRefresh(session, tracer) {
  const begun = [];
  session.on("start", () => begun.push(tracer.startSpan("evercreds.refresh")));
  const end = ({ sessionName, role, cause, errorClass, awsErrorCode, error }) => {
    const span = begun.pop(); // none: an answer that comes after its refresh had timed out
    span?.setAttributes({
      "evercreds.session_name": sessionName,
      "evercreds.role": role,
      "evercreds.cause": cause,
      "evercreds.error_class": errorClass,
      "evercreds.aws_error_code": awsErrorCode,
    });
    if (error) span?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    span?.end();
  };
  session.on("refresh", end);
  session.on("failure", end);
}
