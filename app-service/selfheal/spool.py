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
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from selfheal.quiet import quietly

log = logging.getLogger("selfheal")

_MAX_FILES = 2000
_MAX_BYTES = 20_000_000
_AT_ONCE = 20
_NAME = re.compile(r"([0-9a-f]{32})\.([0-9]{1,9})\.(json\.gz|.*)")  # others than .json.gz are being written, or were


class Spool:
    """Files are named <report id>.<process id>.json.gz. The process that is named owns the file; when it has ended,
    any other may take the file over by renaming it, which only one of them achieves."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def waiting(self) -> bool:
        return bool(self._files())

    def save(self, documents: Iterable[tuple[str, bytes]]) -> set[str]:
        """Puts (report id, document) there; the ids of those that found room."""
        saved: set[str] = set()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sizes = {path.name: status.st_size for path, status in self._files()}
            for report_id, document in documents:
                path = self._path(report_id)
                others = sum(sizes.values()) - sizes.get(path.name, 0)
                if others + len(document) > _MAX_BYTES or (path.name not in sizes and len(sizes) >= _MAX_FILES):
                    continue
                # made with mode 0600
                handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=f"{report_id}.{os.getpid()}.")
                with os.fdopen(handle, "wb") as file:
                    file.write(document)
                Path(temporary).replace(path)
                sizes[path.name] = len(document)
                saved.add(report_id)
        except OSError as error:
            quietly(log.debug, "a report could not be put into %s: %s", self._folder, error)
        return saved

    def load(self, known: Collection[str]) -> list[tuple[str, bytes]]:
        """(report id, document) of some files that nobody else holds, but for those that are `known`. They are held
        by this process from now on."""
        found: list[tuple[str, bytes]] = []
        for file, status in self._files():
            match = _NAME.fullmatch(file.name)
            if match is None or match[1] in known or len(found) >= _AT_ONCE or _is_owned(int(match[2]), status):
                continue
            with contextlib.suppress(OSError):
                if match[3] == "json.gz":
                    found.append((match[1], file.rename(self._path(match[1])).read_bytes()))
                elif int(match[2]) != os.getpid():
                    file.unlink()
        return found

    def remove(self, report_id: str) -> None:
        with contextlib.suppress(OSError):
            self._path(report_id).unlink()

    def _path(self, report_id: str) -> Path:
        return self._folder / f"{report_id}.{os.getpid()}.json.gz"

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        """Oldest first."""
        found = []
        with contextlib.suppress(OSError):
            for file in self._folder.iterdir():
                if _NAME.fullmatch(file.name):
                    with contextlib.suppress(OSError):  # gone meanwhile
                        found.append((file, file.stat()))
        return sorted(found, key=lambda entry: entry[1].st_mtime)


def _is_owned(process: int, status: os.stat_result) -> bool:
    """By another process that is alive. In a new container the own number may be that of the last one."""
    if process == os.getpid():
        return False
    if os.name == "nt":  # there os.kill ends the process, whatever the signal
        return time.time() - status.st_mtime < 3600
    try:
        os.kill(process, 0)
    except OSError as error:
        return not isinstance(error, ProcessLookupError)
    return True
