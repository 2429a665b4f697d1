"""Failing requests and the answers a maintainer would want, read from a folder and played. It knows no bug."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from healer.edges.deployment import playing
from healer.edges.deployment.playing import Answer, Played, filled, send
from healer.model import BadInput

ADMIN_TOKEN_HEADER = "x-admin-token"  # noqa: S105 - the header's name
PLACEHOLDER = "sandbox"

__all__ = [
    "ADMIN_TOKEN_HEADER",
    "PLACEHOLDER",
    "Answer",
    "Played",
    "Sample",
    "examples",
    "filled",
    "load",
    "play",
    "send",
    "wrong",
]


@dataclass(frozen=True)
class Sample:
    name: str
    title: str
    earlier_requests: tuple[dict[str, Any], ...]
    request: dict[str, Any]
    wanted: dict[str, Any]
    also: tuple[dict[str, Any], ...]
    healed_by: str


def load(folder: Path, name: str, admin_token: str = PLACEHOLDER) -> Sample:
    """`admin_token` takes the place of the samples' own wherever they send it."""
    known = _names(folder)
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
    played = playing.play(client, (*sample.earlier_requests, sample.request))
    if played.problem:
        raise BadInput(f"{sample.name}: {played.problem}")
    return played


def examples(folder: Path, admin_token: str = "") -> dict[str, Any]:
    """What the page may offer to try of all samples: their requests, and nothing of what a right answer is.

    Without a token those that need one are left out.
    """
    samples = [load(folder, name, admin_token or PLACEHOLDER) for name in _names(folder)]
    offered = [sample for sample in samples if admin_token or not _needs_token(sample)]
    return {
        "examples": [
            {"name": one.name, "title": one.title, "requests": [*one.earlier_requests, one.request]} for one in offered
        ]
    }


def wrong(answer: Answer, wanted: dict[str, Any]) -> str:
    """What of the answer is not as wanted, in words; "" when all is."""
    if answer.status_code != wanted["status"]:
        return f"status {answer.status_code} instead of {wanted['status']}: {answer.text[:200]}"
    return _missing(answer.json(), wanted["json"], "") if "json" in wanted else ""


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.json"))


def _needs_token(sample: Sample) -> bool:
    requests = (*sample.earlier_requests, sample.request)
    return any(name.lower() == ADMIN_TOKEN_HEADER for request in requests for name in request.get("headers", ()))


def _with_token(item: dict[str, Any], token: str) -> dict[str, Any]:
    return {
        key: token if key.lower() == ADMIN_TOKEN_HEADER and value == PLACEHOLDER else value
        for key, value in item.items()
    }


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
