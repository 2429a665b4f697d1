"""Repair cases: folders that hold a small service with a crash, and hidden from a repair what is right.

It reads; what a repair sees is written by `export`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from healer.model import BadInput, Request
from healer.web.reports import RequestIn

HIDDEN = frozenset({"oracle.py", "meta.json", "request.json", "fix.patch"})
LEFT_OUT = ("__pycache__", ".pytest_cache", ".git")


@dataclass(frozen=True)
class Case:
    folder: Path
    meta: Mapping[str, Any]
    spec: Mapping[str, Any]  # request.json: {"setup", "request", "env", "limits"}

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def category(self) -> str:
        return str(self.meta.get("category") or self.meta.get("family") or self.meta.get("exception") or "other")

    @property
    def wants_patch(self) -> bool:
        return self.meta.get("outcome") != "no_patch"

    @property
    def requests(self) -> tuple[Request, ...]:
        """Those before, then the one that fails."""
        return tuple(_request(one) for one in (*self.spec.get("setup", ()), self.spec["request"]))

    def export(self, folder: Path) -> Path:
        """What a repair sees."""

        def unseen(directory: str, names: list[str]) -> set[str]:
            here = Path(directory) == self.folder
            return {name for name in names if name in LEFT_OUT or (here and name in HIDDEN)}

        shutil.copytree(self.folder, folder, ignore=unseen)
        return folder

    def hidden(self, name: str) -> str:
        return (self.folder / name).read_text()


def find_cases(folder: Path) -> tuple[Case, ...]:
    """One case, or all below a folder. Raises BadInput."""
    if not folder.is_dir():
        raise BadInput(f"CASES: {str(folder)!r} is no folder; name a case or a folder of cases")
    found = tuple(_cases(folder))
    if not found:
        raise BadInput(
            f"CASES: {str(folder)!r} holds no case; a case has app.py, meta.json, request.json and oracle.py"
        )
    return found


def _cases(folder: Path) -> Iterator[Case]:
    for meta in sorted(folder.rglob("meta.json")):
        home = meta.parent
        if not all((home / name).is_file() for name in ("oracle.py", "request.json")):
            raise BadInput(f"CASES: {str(home)!r} has a meta.json, but no oracle.py or request.json beside it")
        yield Case(home, _object(meta), _object(home / "request.json"))


def _object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except ValueError as error:
        raise BadInput(f"{path}: no JSON: {error}") from None
    if not isinstance(document, dict):
        raise BadInput(f"{path}: must hold a JSON object")
    return document


def _request(spec: Mapping[str, Any]) -> Request:
    given = dict(spec)
    if query := given.pop("query", None):
        given["path"] = f"{given['path']}?{urlencode(query, doseq=True)}"
    return RequestIn.model_validate({"method": "GET", **given}).to_model()
