"""Sends spans to an OpenTelemetry collector, as OTLP over HTTP. What a span is about is not its business.

The SDK is loaded only where a collector is set: that takes longer than most commands.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response

SECONDS = 5.0
SECRETS = ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS")  # that the SDK takes from the environment


@dataclass(frozen=True)
class Span:
    name: str
    trace_id: str  # 32 hexadecimal digits
    span_id: str  # 16
    parent_id: str  # likewise; "" of a root
    start: str  # RFC 3339
    end: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    failed: bool = False


class Collector:
    """`url`: the base address; where traces go below it is laid down by OTLP."""

    def __init__(self, url: str) -> None:
        import requests  # noqa: PLC0415 - as above
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

        # What it says of each try would be said twice: whoever sends knows, and tells once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        session = requests.Session()
        session.trust_env = False
        session.hooks["response"].append(_refuse_redirect)  # the SDK takes any of them for a success
        self._exporter = OTLPSpanExporter(f"{url}/v1/traces", timeout=SECONDS, session=session)
        self._resource = Resource.create({"service.name": "healer", "service.version": version("healer")})

    def send(self, spans: Sequence[Span]) -> bool:
        """Whether it has them now."""
        from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415
        from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags  # noqa: PLC0415

        def context(span: Span, span_id: str) -> SpanContext:
            sampled = TraceFlags(TraceFlags.SAMPLED)
            return SpanContext(int(span.trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=sampled)

        whole = [
            ReadableSpan(
                span.name,
                context(span, span.span_id),
                context(span, span.parent_id) if span.parent_id else None,
                self._resource,
                span.attributes,
                status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
                start_time=_nanoseconds(span.start),
                end_time=_nanoseconds(span.end),
            )
            for span in spans
        ]
        return self._exporter.export(whole) is SpanExportResult.SUCCESS

    def close(self) -> None:
        """Whoever waits in `send` is let go."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]


def _refuse_redirect(answer: Response, *_arguments: object, **_more: object) -> None:
    if answer.status_code // 100 == 3:
        raise OSError(f"answered {answer.status_code}; redirects are not followed")


def _nanoseconds(stamp: str) -> int:
    moment = datetime.fromisoformat(stamp)
    return int(moment.timestamp()) * 10**9 + moment.microsecond * 1000
