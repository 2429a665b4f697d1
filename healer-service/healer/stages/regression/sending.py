"""A request as the call of a test client, in the words of that client. It sends nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from healer.model import Request
from healer.stages.regression.identifiers import Made, replaced
from healer.stages.regression.literals import Group, Name, Piece, Text, Unwritable, around, flat, written
from healer.stages.regression.steps import REDACTED, Step
from healer.stages.regression.suite import VERBS

_MOST_CHARACTERS = 4096
_METHOD = re.compile(r"[A-Z]{3,12}")
_OF_THE_CLIENT = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "keep-alive", "te", "upgrade")
)
_SECRET = re.compile(r"auth|cookie|token|key|secret|session|signature|credential", re.I)
_ACCESS_WORDS = ("httpbearer", "httpbasic", "oauth2passwordbearer", "oauth2", "bearer", "login-required")
_BODIES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Client:
    source: str  # "client", "self.client"
    kind: str  # starlette | httpx | flask
    awaited: bool
    origin: str = ""  # as "http://test" where it is asked with whole addresses
    base: str = ""  # what it puts before each path


def asked_for(name: str, words: Collection[str]) -> bool:
    """Whether the service's code may look at a header."""
    if name == "cookie":
        return bool({"cookie", "cookies", "session"} & set(words))
    return name in words or (name == "authorization" and any(word in words for word in _ACCESS_WORDS))


def redacted(request: Request, words: Collection[str]) -> set[str]:
    """Headers that the service looks at and the report does not tell."""
    return {name for name, value in request.headers.items() if REDACTED in value and asked_for(name, words)}


def headers_of(request: Request, words: Collection[str], known_texts: str) -> dict[str, str]:
    """Those to send: what the service looks at, but no secret that the repository's tests do not hold already."""
    kept: dict[str, str] = {}
    for name, value in request.headers.items():
        if name in _OF_THE_CLIENT or name == "content-type" or REDACTED in value or not asked_for(name, words):
            continue
        bare = name == "authorization" and len(value.split()) < 2  # a scheme without credentials
        if _SECRET.search(name) and value and not bare and value not in known_texts:
            raise Unwritable(f"the header {name} may hold a secret")
        kept["-".join(part.capitalize() for part in name.split("-"))] = value
    return kept


def sending(
    step: Step,
    client: Client,
    names: Mapping[Made, Name],
    headers: Mapping[str, object],
    *,
    quote: str,
    access: str = "",
    follow: bool = True,
) -> Piece:
    """`access`: source of the headers that sign in. Raises Unwritable for what such a client cannot send."""
    method = step.request.method.upper()
    if not _METHOD.fullmatch(method):
        raise Unwritable("the method is no plain word")
    flask = client.kind == "flask"
    verb, named = method.lower(), _body(step, client, names)
    plain = verb in VERBS and (flask or not named or verb in ("post", "put", "patch"))
    wanted = {**headers}
    if content_type := _content_type(step.request):
        (named if flask else wanted)["content_type" if flask else "Content-Type"] = content_type
    if not plain and flask:
        named["method"] = method
    arguments: list[Piece] = [] if plain or flask else [written(method, quote)]
    arguments.append(_path(step, client, names, quote))
    arguments += [around(f"{name}=", written(value, quote)) for name, value in named.items()]
    if wanted or access:
        arguments.append(around("headers=", _headers(wanted, access, quote)))
    if not follow and client.kind == "starlette":
        arguments.append("follow_redirects=False")
    called = verb if plain else "open" if flask else "request"
    made = Group(f"{'await ' if client.awaited else ''}{client.source}.{called}(", tuple(arguments), ")")
    if len(flat(made)) > _MOST_CHARACTERS:
        raise Unwritable("a request is too large")
    return made


def _headers(wanted: Mapping[str, object], access: str, quote: str) -> Piece:
    if not wanted:
        return access
    literal = written(dict(wanted), quote)
    if not access or isinstance(literal, str):
        return literal
    return Group("{", (f"**{access}", *literal.items), "}")


def _body(step: Step, client: Client, names: Mapping[Made, Name]) -> dict[str, object]:
    """Keyword arguments for the body."""
    kind, body = step.request.body_kind, replaced(step.body, names)
    if kind == "none" or (body is None and kind != "json"):
        return {}
    if kind == "json" and body is not None:
        return {"json": body}
    if kind == "form":
        return {"data": body}
    text = "null" if kind == "json" else body
    return {"data" if client.kind == "flask" else "content": text}


def _content_type(request: Request) -> str:
    """Where the client would not say it by itself."""
    given = request.headers.get("content-type", "")
    if request.body_kind == "json" and request.body is None:
        return given or "application/json"
    if request.body_kind == "none" or given.partition(";")[0].strip() == _BODIES.get(request.body_kind):
        return ""
    return given


def _path(step: Step, client: Client, names: Mapping[Made, Name], quote: str) -> Piece:
    parts: list[str | Name] = []
    for part in (client.origin, *step.path):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(names[part] if isinstance(part, Made) else part)
    first = parts[0] if isinstance(parts[0], str) else ""
    path = first.removeprefix(client.origin)
    if not path.startswith(f"{client.base}/") or path.startswith("//"):
        raise Unwritable("the path is not one of this client's")
    parts[0] = client.origin + path.removeprefix(client.base)
    return written(Text(tuple(parts)) if len(parts) > 1 else parts[0], quote)
