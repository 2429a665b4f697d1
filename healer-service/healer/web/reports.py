"""A report as JSON from outside into the model's Report: bounded, validated, never trusted."""

from __future__ import annotations

import json
import re
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from healer.edges.store import now
from healer.model import PYTHON, BadInput, ExceptionInfo, Frame, Linked, Report, Request

LARGEST_REPORT = 2**20  # bytes
LONG = 100_000  # characters of a text
DEEPEST = 200  # levels of a body; what is deeper cannot be stored
MOST_PARTS = 20_000  # of a body: ten times as many take the one writer a second
MOST_PARTS_IN_ALL = 100_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def clean(value: object) -> object:
    """Text that any database takes and no terminal obeys."""
    if not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    return _CONTROL.sub("\ufffd", value).encode("utf-8", "replace").decode()


def _beginning(value: object) -> object:
    """Of a message: a crash is not refused because it has much to say."""
    if not isinstance(value, str) or len(value) <= LONG:
        return value
    kept = LONG - 40  # room for what is said of the rest
    return f"{value[:kept]}… ({len(value) - kept} more characters)"


def has_too_many_parts(value: object, most: int = MOST_PARTS) -> bool:
    """Containers and values at all levels."""
    parts, waiting = 1, [value]
    while waiting and parts <= most:
        part = waiting.pop()
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        parts += len(inner)
        if parts <= most:
            waiting.extend(inner)
    return parts > most


def _body(value: object) -> object:
    if has_too_many_parts(value):
        raise ValueError(f"more than {MOST_PARTS} values in it")
    return _storable(value)


def _storable(value: object, depth: int = 0) -> object:
    """A key of half a surrogate pair cannot be stored; a value may be what the service crashed on, and stays."""
    if depth > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} levels deep")
    if isinstance(value, dict):
        return {str(clean(key)): _storable(item, depth + 1) for key, item in value.items()}
    return [_storable(item, depth + 1) for item in value] if isinstance(value, list) else value


# The length stands first: pydantic checks it in Rust then.
Short = Annotated[str, Field(max_length=1000), BeforeValidator(clean)]
Long = Annotated[str, Field(max_length=LONG), BeforeValidator(clean)]


class _In(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ExceptionIn(_In):
    type: Annotated[Short, Field(min_length=1)]
    module: Short | None = "builtins"
    message: Annotated[str, BeforeValidator(_beginning), BeforeValidator(clean)] = ""
    bases: Annotated[list[Short], Field(max_length=50)] = []

    def to_model(self) -> ExceptionInfo:
        return ExceptionInfo(self.type, self.message, self.module or "builtins", tuple(self.bases))


class FrameIn(_In):
    file: Short
    line: Annotated[int, Field(ge=0, le=10_000_000)]
    function: Short
    in_app: bool = False
    source: Long = ""
    context: Annotated[dict[int, Long], Field(max_length=200)] = {}
    locals: Annotated[dict[Short, Long], Field(max_length=200)] = {}
    path: Short = ""

    @field_validator("source", "context", "locals", mode="before")
    @classmethod
    def _absent(cls, value: Any, info: Any) -> Any:
        return ("" if info.field_name == "source" else {}) if value is None else value

    @field_validator("file")
    @classmethod
    def _inside(cls, value: str) -> str:
        return value.replace("\\", "/").removeprefix("./")

    def to_model(self) -> Frame:
        return Frame(
            self.file, self.line, self.function, self.in_app, self.source, self.context, self.locals, self.path
        )


class LinkedIn(_In):
    relation: Literal["cause", "context", "group", "member"]
    exception: ExceptionIn
    frames: Annotated[list[FrameIn], Field(max_length=100)] = []

    def to_model(self) -> Linked:
        frames = tuple(frame.to_model() for frame in self.frames)
        return Linked(self.relation, self.exception.to_model(), frames)


class MechanismIn(_In):
    type: Short = ""
    handled: bool = False


class RequestIn(_In):
    method: Annotated[str, Field(pattern=r"^[A-Z]{1,20}$")]
    path: Annotated[Long, Field(pattern=r"^/")]
    headers: Annotated[dict[Short, Long], Field(max_length=200)] = {}
    json_: Annotated[Any, BeforeValidator(_body), Field(alias="json")] = None
    form: Annotated[dict[str, Any] | None, BeforeValidator(_body)] = None
    body: str | None = None
    body_b64: str | None = None
    status: int | None = None
    ids: Annotated[dict[Short, Any], BeforeValidator(_body), Field(max_length=200)] = {}
    truncated: bool = False

    def to_model(self) -> Request:
        kind, body = "none", None
        for name, key, value in (
            ("json", "json_", self.json_),
            ("form", "form", self.form),
            ("text", "body", self.body),
            ("base64", "body_b64", self.body_b64),
        ):
            if key in self.model_fields_set and (value is not None or name == "json"):
                kind, body = name, value
                break
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.method, self.path, headers, kind, body, self.status, self.ids, self.truncated)


class LimitsIn(_In):
    as_mb: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class ReportIn(_In):
    report_id: Annotated[str, Field(pattern=r"^[0-9a-zA-Z-]{8,64}$")] = Field(default_factory=lambda: uuid.uuid4().hex)
    exception: ExceptionIn
    frames: Annotated[list[FrameIn], Field(max_length=500)] = []
    request: RequestIn | None = None
    earlier_requests: Annotated[list[RequestIn], Field(max_length=500)] = []
    release: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")] | None = None
    entry: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    framework: Short | None = None
    env: Annotated[dict[Short, Long], Field(max_length=100)] = {}
    limits: LimitsIn = LimitsIn()
    suppressed: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    chain: Annotated[list[LinkedIn], Field(max_length=20)] = []
    platform: Annotated[str, Field(pattern=r"^[a-z0-9.+_-]{1,30}$")] = PYTHON
    client: Short = ""
    approximate: bool = False
    mechanism: MechanismIn = MechanismIn()
    versions: Annotated[dict[Short, Short], Field(max_length=100)] = {}
    lost: Annotated[dict[Short, Annotated[int, Field(ge=0, le=1_000_000_000)]], Field(max_length=20)] = {}

    def to_model(self, service: str) -> Report:
        return Report(
            report_id=self.report_id,
            service=service,
            received_at=now(),
            exception=self.exception.to_model(),
            frames=tuple(frame.to_model() for frame in self.frames),
            request=self.request.to_model() if self.request else None,
            earlier_requests=tuple(request.to_model() for request in self.earlier_requests),
            release=self.release,
            entry=self.entry,
            framework=self.framework,
            env=self.env,
            suppressed=self.suppressed,
            memory_mb=self.limits.as_mb,
            chain=tuple(linked.to_model() for linked in self.chain),
            platform=self.platform,
            client=self.client,
            approximate=self.approximate,
            mechanism=self.mechanism.type,
            handled=self.mechanism.handled,
            versions=self.versions,
            lost=self.lost,
        )


def parse_report(body: bytes, service: str) -> Report:
    """Raises BadInput as `report_from` does."""
    return report_from(read_object(body, "report"), service)


def read_object(body: bytes | str, what: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the {what} is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadInput(f"the {what} must be a JSON object, not {type(document).__name__}")
    # Two bytes are the least that one takes: most bodies need not be counted.
    if len(body) > 2 * MOST_PARTS_IN_ALL and has_too_many_parts(document, MOST_PARTS_IN_ALL):
        raise BadInput(f"the {what} holds more than {MOST_PARTS_IN_ALL} values")
    return document


def report_from(document: dict[str, Any], service: str) -> Report:
    """Raises BadInput with the field, what was wrong with it, and the value where it is short."""
    try:
        return ReportIn.model_validate(document).to_model(service)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part)[:80] for part in first["loc"]) or "report"  # a part may be a key of the report
        value = repr(first.get("input"))
        shown = f" (got {value})" if len(value) <= 80 else ""
        raise BadInput(f"{field}: {first['msg']}{shown}") from None
    except RecursionError:
        raise BadInput("the report is nested too deeply") from None
