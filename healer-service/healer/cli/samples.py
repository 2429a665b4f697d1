"""Failing requests and the answers a maintainer would want, read from a folder and played. It knows no bug."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from healer.model import BadInput

ADMIN_TOKEN_HEADER = "x-admin-token"  # noqa: S105 - the header's name
PLACEHOLDER = "sandbox"

_WHOLE = re.compile(r"^\{(\w+)\}$")
_PART = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Sample:
    name: str
    title: str
    earlier_requests: tuple[dict[str, Any], ...]
    request: dict[str, Any]
    wanted: dict[str, Any]
    also: tuple[dict[str, Any], ...]
    healed_by: str


@dataclass(frozen=True)
class Played:
    """The failing request with its placeholders filled in, and its answer."""

    request: dict[str, Any]
    answer: httpx.Response
    saved: dict[str, Any]


def load(folder: Path, name: str, admin_token: str = PLACEHOLDER) -> Sample:
    """`admin_token` takes the place of the samples' own wherever they send it."""
    known = sorted(path.stem for path in folder.glob("*.json"))
    if name not in known:
        raise BadInput(f"--bug {name!r}: there is no such sample in {folder}; choose one of {', '.join(known)}")
    document = json.loads(
        (folder / f"{name}.json").read_text(), object_hook=lambda item: _with_token(item, admin_token)
    )
    return Sample(
        name,
        document["title"],
        tuple(document.get("earlier_requests", ())),
        document["request"],
        document["wanted"],
        tuple(document.get("also", ())),
        document["healed_by"],
    )


def play(client: httpx.Client, sample: Sample) -> Played:
    """Build the state with the earlier requests, then send the failing one. Raises BadInput when the set-up fails."""
    saved: dict[str, Any] = {}
    for step in sample.earlier_requests:
        answer = send(client, filled(step, saved))
        if answer.is_error:
            raise BadInput(f"{sample.name}: {step['method']} {step['path']} was answered {answer.status_code}")
        for name, pointer in step.get("save", {}).items():
            saved[name] = _at(answer.json(), pointer)
    request = filled(sample.request, saved)
    return Played(request, send(client, request), saved)


def send(client: httpx.Client, request: dict[str, Any]) -> httpx.Response:
    content: dict[str, Any] = {}
    if "json" in request:
        content["json"] = request["json"]
    elif "form" in request:
        content["data"] = request["form"]
    elif "body_b64" in request:
        content["content"] = base64.b64decode(request["body_b64"])
    elif "body" in request:
        content["content"] = request["body"].encode()
    return client.request(request["method"], request["path"], headers=request.get("headers"), **content)


def wrong(answer: httpx.Response, wanted: dict[str, Any]) -> str:
    """What of the answer is not as wanted, in words; "" when all is."""
    if answer.status_code != wanted["status"]:
        return f"status {answer.status_code} instead of {wanted['status']}: {answer.text[:200]}"
    return _missing(answer.json(), wanted["json"], "") if "json" in wanted else ""


def filled(value: Any, saved: dict[str, Any]) -> Any:
    """Put saved values in place of {name}; a string that is nothing but {name} takes the value's own type."""
    if isinstance(value, dict):
        return {key: filled(item, saved) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    if not isinstance(value, str):
        return value
    if (whole := _WHOLE.match(value)) and whole[1] in saved:
        return saved[whole[1]]
    return _PART.sub(lambda match: str(saved.get(match[1], match[0])), value)


def _with_token(item: dict[str, Any], token: str) -> dict[str, Any]:
    return {
        key: token if key.lower() == ADMIN_TOKEN_HEADER and value == PLACEHOLDER else value
        for key, value in item.items()
    }


def _at(document: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _missing(found: Any, wanted: Any, path: str) -> str:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key not in found:
                return f"{path}/{key} is missing"
            if problem := _missing(found[key], value, f"{path}/{key}"):
                return problem
        return ""
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = enumerate(zip(found, wanted, strict=True))
        return next((problem for n, (a, b) in pairs if (problem := _missing(a, b, f"{path}/{n}"))), "")
    return "" if found == wanted else f"{path or '/'} is {found!r} instead of {wanted!r}"
