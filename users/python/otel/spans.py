from evercreds import RefreshableSession, SessionEvent
from opentelemetry.trace import Span, StatusCode, Tracer


def span_per_refresh(session: RefreshableSession, tracer: Tracer) -> None:
    """Make a span of each refresh of a session."""
    begun: list[Span] = []

    def start(event: SessionEvent) -> None:
        begun.append(tracer.start_span("evercreds.refresh"))

    def end(event: SessionEvent) -> None:
        if not begun:  # an answer that comes after its refresh had timed out
            return
        span = begun.pop()
        for name in ("session_name", "role", "cause", "error_class", "aws_error_code"):
            value = getattr(event, name)
            if value is not None:
                span.set_attribute(f"evercreds.{name}", value)
        if event.kind == "failure":
            span.set_status(StatusCode.ERROR, event.message)
        span.end()

    session.on("start", start)
    session.on("refresh", end)
    session.on("failure", end)
