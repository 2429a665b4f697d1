"""What goes to the sandbox and what comes back, as JSON: requests, variables of the environment, answers.

It speaks to nobody.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from healer.model import ExceptionInfo, Exchange, Frame, Replay, Request, Suite

_EXCHANGE = TypeAdapter(Exchange)
_OUTCOMES = TypeAdapter(dict[str, str])
_RAN = TypeAdapter(dict[str, tuple[int, ...]])
# They change how the interpreter, the loader, a shell, pytest or the sandbox itself works, not what the service does.
_STEERING = re.compile(
    r"(?:_?PYTHON|LD_|GLIBC_|MALLOC_|GCONV_|PYTEST_|PY_IGNORE|COV_|COVERAGE_|SELFHEAL_|BASH_)"
    r"|(?:PATH|HOME|TMPDIR|TEMP|TMP|IFS|SHELLOPTS|LOCPATH|NLSPATH|TZDIR)$"
)
_log = logging.getLogger(__name__)


def environment(wanted: Mapping[str, str]) -> dict[str, str]:
    """Without what would steer the job itself: a report is anyone's word, and a healer.toml may name such by mistake.

    Left out rather than refused: no service needs them to crash, and a report must not be able to stop its own heal.
    """
    kept = {}
    for name, value in wanted.items():
        if _STEERING.match(name):
            _warn_once(name[:80])
        else:
            kept[name] = value
    return kept


@functools.lru_cache(maxsize=100)
def _warn_once(name: str) -> None:
    _log.warning("the variable %r is not set in the sandbox: it would steer the sandbox, not the service", name)


def request_json(request: Request) -> dict[str, Any]:
    """A request as the sandbox and the page take it."""
    out: dict[str, Any] = {"method": request.method, "path": request.path, "headers": dict(request.headers)}
    key = {"json": "json", "form": "form", "text": "body", "base64": "body_b64"}.get(request.body_kind)
    if key is not None:
        out[key] = request.body
    if request.status is not None:
        out["status"] = request.status
    if request.ids:
        out["ids"] = dict(request.ids)
    return out


def replay(answer: Mapping[str, Any]) -> Replay:
    """The answer to a replay, or to a call."""
    result = answer.get("result") or {}
    try:
        exchanges = tuple(_exchange(item) for item in result.get("exchanges", ()))
        ran = _RAN.validate_python(result.get("ran", {}))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Replay(f"the sandbox's answer cannot be read: {str(error)[:200]}")
    seconds, isolation = float(answer.get("seconds", 0)), tuple(answer.get("isolation", ()))
    return Replay(_problem(answer, result), exchanges, seconds, isolation, ran)


def suite(answer: Mapping[str, Any]) -> Suite:
    result = answer.get("result") or {}
    try:
        outcomes = _OUTCOMES.validate_python(result.get("outcomes", {}))
        ran = _RAN.validate_python(result.get("ran", {}))
    except (ValidationError, AttributeError) as error:
        return Suite(f"the sandbox's answer cannot be read: {str(error)[:200]}")
    output, seconds = str(result.get("output", ""))[-20_000:], float(answer.get("seconds", 0))
    return Suite(_problem(answer, result), outcomes, output, seconds, ran)


def _problem(answer: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    status = answer.get("status")
    if status != "ok":
        return f"{str(status).replace('_', ' ')}: {answer.get('detail') or 'no detail'}"[:500]
    return str(result.get("problem") or "")[:2000]


def _exchange(item: Mapping[str, Any]) -> Exchange:
    exception = item.get("exception")
    return _EXCHANGE.validate_python(
        {
            "status": item.get("status"),
            "headers": item.get("headers", {}),
            "body": item.get("body", ""),
            "seconds": item.get("seconds", 0.0),
            "value": item.get("value"),
            "exception": ExceptionInfo(
                type=str(exception["type"]),
                message=str(exception["message"]),
                module=str(exception.get("module") or "builtins"),
                bases=tuple(exception.get("bases") or ()),
            )
            if exception
            else None,
            "frames": tuple(
                Frame(
                    file=str(frame["file"]),
                    line=int(frame["line"]),
                    function=str(frame["function"]),
                    in_app=bool(frame.get("in_app")),
                    source=str(frame.get("source", "")),
                    context={int(line): str(text) for line, text in (frame.get("context") or {}).items()},
                    locals={str(name): str(text) for name, text in (frame.get("locals") or {}).items()},
                )
                for frame in item.get("frames") or ()
            ),
        }
    )
