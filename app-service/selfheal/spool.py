"""Keeps undelivered reports in a folder, so that they outlive the process: bounded, private, each file whole or not
there.

It does not decide when to send them, and takes no report of a process that is still alive.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import tempfile
from pathlib import Path

log = logging.getLogger("selfheal")

_MAX_FILES = 200
_MAX_BYTES = 20_000_000
_AT_ONCE = 20
_NAME = re.compile(r"([0-9a-f]{32})\.([0-9]+)\.json")


class Spool:
    """Files are named <report id>.<process id>.json. The process that is named owns the file; when it has ended,
    any other may take the file over by renaming it, which only one of them achieves."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._held: set[str] = set()

    def forget(self) -> None:
        self._held = set()

    def waiting(self) -> bool:
        return bool(self._files())

    def save(self, report_id: str, document: bytes) -> bool:
        path = self._path(report_id)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            files = self._files()
            room = _MAX_BYTES - sum(self._size(file) for file in files if file != path)
            if (path not in files and len(files) >= _MAX_FILES) or len(document) > room:
                return False
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".")  # made with mode 0600
            with os.fdopen(handle, "wb") as file:
                file.write(document)
            Path(temporary).replace(path)
        except OSError as error:
            log.debug("a report could not be put into %s: %s", self._folder, error)
            return False
        self._held.add(report_id)
        return True

    def load(self) -> list[tuple[str, bytes]]:
        """(report id, document) of some files that nobody else holds; they are held by this process from now on."""
        found: list[tuple[str, bytes]] = []
        for file in self._files():
            match = _NAME.fullmatch(file.name)
            if (
                match is None
                or match.group(1) in self._held
                or len(found) >= _AT_ONCE
                or self._owned(int(match.group(2)))
            ):
                continue
            with contextlib.suppress(OSError):
                mine = file.rename(self._path(match.group(1)))
                document = mine.read_bytes()
                if b',"suppressed":' not in document[-40:]:
                    mine.unlink()
                    continue
                self._held.add(match.group(1))
                found.append((match.group(1), document))
        return found

    def remove(self, report_id: str) -> None:
        if report_id in self._held:
            self._held.discard(report_id)
            with contextlib.suppress(OSError):
                self._path(report_id).unlink()

    def _path(self, report_id: str) -> Path:
        return self._folder / f"{report_id}.{os.getpid()}.json"

    def _files(self) -> list[Path]:
        """Oldest first."""
        try:
            return sorted((file for file in self._folder.iterdir() if _NAME.fullmatch(file.name)), key=self._age)
        except OSError:
            return []

    @staticmethod
    def _age(file: Path) -> float:
        try:
            return file.stat().st_mtime
        except OSError:
            return 0.0

    @staticmethod
    def _size(file: Path) -> int:
        try:
            return file.stat().st_size
        except OSError:
            return 0

    @staticmethod
    def _owned(process: int) -> bool:
        """By another process that is alive. In a new container the own number may be that of the last one."""
        if process == os.getpid():
            return False
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return True
