"""What a service declares to depend on, as names that it can import. It installs and asks nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?!\S*://)")
# Distributions that are imported by another name; the rest is the name itself with underscores.
_IMPORTED_AS = {
    "beautifulsoup4": "bs4",
    "opencv-python": "cv2",
    "pillow": "PIL",
    "pyjwt": "jwt",
    "python-dateutil": "dateutil",
    "python-dotenv": "dotenv",
    "python-jose": "jose",
    "python-multipart": "multipart",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
}


def declared(texts: Mapping[str, str]) -> frozenset[str]:
    """Top-level names of the packages in requirements files and pyproject.toml, by path and text."""
    return frozenset(
        _IMPORTED_AS.get(name, name.replace("-", "_"))
        for path, text in texts.items()
        for name in _names(PurePosixPath(path).name, text)
    )


def _names(file: str, text: str) -> Iterator[str]:
    return _of_project(text) if file == "pyproject.toml" else _of_lines(text.splitlines())


def _of_project(text: str) -> Iterator[str]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    project = _table(document, "project")
    yield from _of_lines(project.get("dependencies"))
    for lines in _table(project, "optional-dependencies").values():
        yield from _of_lines(lines)
    poetry = _table(_table(_table(document, "tool"), "poetry"), "dependencies")
    yield from (_canonical(name) for name in poetry if name != "python")


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _of_lines(lines: object) -> Iterator[str]:
    for line in lines if isinstance(lines, list) else ():
        found = _NAME.match(line) if isinstance(line, str) else None
        if found:
            yield _canonical(found.group(1))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
