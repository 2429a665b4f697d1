"""The request of an event as one that can be sent again, as far as the SDK let it through. It sends nothing."""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from healer.web.reports import DEEPEST, has_too_many_parts
from healer.web.sentry.shapes import FILTERED, LONG, REDACTED, SHORT, mapping, pairs, redacted, text

_METHOD = re.compile(r"[A-Z]{1,20}")
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_IN_A_PATH = "/%:@!$&'()*+,;=~-._[]"
_IN_A_QUERY = _IN_A_PATH + "?"
_HEADERS, _COOKIES, _FIELDS = 150, 200, 1000
_OF_THE_BODY = ("content-length", "transfer-encoding")  # what can be sent again may be shorter
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_NOT_IN_A_COOKIE = re.compile(r"[;,\s]")


class _TooMuch(Exception):
    pass


def request_of(event: dict[str, Any]) -> dict[str, Any] | None:
    """None where the event has no HTTP request."""
    given = mapping(event.get("request"))
    method, url = text(given.get("method")).upper(), text(given.get("url"), LONG)
    if not url or not _METHOD.fullmatch(method or "GET"):
        return None
    headers = _headers(given)
    length = headers.get("content-length", "0")
    had_body = length not in ("", "0") or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    body = _body(given.get("data"), kind, had_body=had_body)
    if "form" in body and kind == _MULTIPART:
        del headers["content-type"]  # the parts and their boundary are gone, the fields are not
    if _is_cut(mapping(mapping(event.get("_meta")).get("request")).get("data")):
        body["truncated"] = True
    return {
        "method": method or "GET",
        "path": _path(url, given.get("query_string")),
        "headers": {name: value for name, value in headers.items() if name not in _OF_THE_BODY},
        **body,
    }


def _path(url: str, query_string: object) -> str:
    """Most SDKs send the path as the service saw it, so what may not stand in a URL is quoted again."""
    path, _, query = _ORIGIN.sub("", redacted(url)).partition("#")[0].partition("?")
    if isinstance(query_string, str):
        query = redacted(query_string).removeprefix("?") or query
    elif query_string:
        fields = islice(pairs(query_string), _FIELDS)
        query = urlencode([(name, redacted(text(value, LONG))) for name, value in fields], errors="replace")
    path = "/" + _quoted(path, _IN_A_PATH).lstrip("/")
    return (f"{path}?{_quoted(query, _IN_A_QUERY)}" if query else path)[:LONG]


def _quoted(part: str, safe: str) -> str:
    return quote(_PERCENT.sub("%25", part), safe=safe, errors="replace")


def _headers(given: dict[str, Any]) -> dict[str, str]:
    headers = {
        name.lower()[:SHORT]: redacted(text(value, LONG))
        for name, value in islice(pairs(given.get("headers")), _HEADERS)
    }
    cookies = [(name, text(value)) for name, value in islice(pairs(given.get("cookies")), _COOKIES)]
    whole = [f"{name}={value}" for name, value in cookies if value and not _NOT_IN_A_COOKIE.search(name + value)]
    kept = [one for one in whole if REDACTED not in redacted(one)]
    if kept and headers.get("cookie", REDACTED) == REDACTED:
        headers["cookie"] = "; ".join(kept)[:LONG]
    return headers


def _body(data: object, kind: str, *, had_body: bool) -> dict[str, Any]:
    """The part of the request that holds its body, under the name that a report has for its kind."""
    if data in (None, "", FILTERED) or (not data and not had_body):
        return {"truncated": True} if had_body else {}
    if isinstance(data, str):
        return _of_text(data, kind)
    try:
        data = _whole(data)
    except _TooMuch:
        return {"truncated": True}
    if kind in (_FORM, _MULTIPART) and isinstance(data, dict):
        return {"form": data}
    return {"json": data}


def _of_text(data: str, kind: str) -> dict[str, Any]:
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return {"json": _whole(json.loads(data))}
        except (ValueError, RecursionError, _TooMuch):
            pass  # cut, or what the service could not read either
    if kind == _FORM and not data.endswith("...") and data.count("&") < _FIELDS:
        fields: dict[str, Any] = {}
        for name, value in parse_qsl(data, keep_blank_values=True, errors="replace"):
            fields.setdefault(name, []).append(redacted(value))
        if fields:
            return {"form": {name: values[0] if len(values) == 1 else values for name, values in fields.items()}}
    return {"body": redacted(data), **({"truncated": True} if data.endswith("...") else {})}


def _whole(value: Any) -> Any:
    """With the healer's word for what was filtered, and as JSON: no infinite numbers. Raises _TooMuch."""
    if has_too_many_parts(value):
        raise _TooMuch
    return _mended(value)


def _mended(value: Any, depth: int = 0) -> Any:
    if depth >= DEEPEST:
        raise _TooMuch
    if isinstance(value, dict):
        return {name: _mended(part, depth + 1) for name, part in value.items()}
    if isinstance(value, list):
        return [_mended(part, depth + 1) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return redacted(value) if isinstance(value, str) else value


def _is_cut(meta: object, depth: int = 0) -> bool:
    """Whether an SDK says that it left something out. What it filtered ("s": put another in its place) is not cut."""
    if depth > DEEPEST or not isinstance(meta, dict):
        return False
    said = mapping(meta.get(""))
    remarks = said.get("rem")
    if isinstance(remarks, list) and remarks:
        if any(not (isinstance(one, list) and one[1:2] == ["s"]) for one in remarks):
            return True
    elif "len" in said:
        return True
    return any(_is_cut(part, depth + 1) for name, part in meta.items() if name)
