"""The folders of a service's releases: made whole or not at all, named by `current`, and cleared away.

It serves nothing and installs nothing. One process at a time writes there; whoever serves only reads.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from healer.edges.deployment import KEPT_RELEASES, disk, running
from healer.model import DeploymentError, EdgeError

ENVIRONMENT = ".environment"  # in a release: the link to the packages of its own
ENVIRONMENTS = ".environments"  # beside the releases: such packages, by what they were made from
DRAFT, GONE = ".draft.", ".gone."  # how names begin of what is being made, or removed
_CURRENT, _LOCK, _REFUSED = "current", ".lock", ".refused"
_COMPILE_SECONDS = 120.0
_LONGEST_REASON = 2000
_log = logging.getLogger(__name__)


class Unusable(Exception):
    """What is being prepared cannot become a release, however often it is tried; the text says why."""


class Folders:
    """All methods raise DeploymentError when the file system does not let them."""

    def __init__(self, releases: Path, python: str) -> None:
        """`python`: the interpreter that the service runs on; without one nothing is compiled ahead."""
        self._releases = releases
        self._python = python

    def prepare(self, commit: str, export: Callable[[Path], None]) -> None:
        """Have the folder of a commit. `export` makes the one it is given; Unusable of it is remembered (`refused`)."""
        folder = self._releases / commit
        if folder.is_dir():
            return
        with self._writing():
            if folder.is_dir():
                return
            self._clear()
            newest = next(iter(self.kept()), None)
            disk.check_room(self._releases, disk.used(self._releases / newest) if newest else 0)
            try:
                self._make(folder, export)
            except Unusable as error:
                self._refuse(commit, str(error))
            except (EdgeError, OSError):
                disk.check_room(self._releases)  # that is why, then, however it was put
                raise
            finally:
                self._clear()

    def refused(self, commit: str) -> str:
        """Why the last `prepare` of a commit made no release; "" when it did."""
        with _not_now("read", self._releases):
            marker = self._releases / _REFUSED / commit
            return marker.read_text() if marker.is_file() and not (self._releases / commit).is_dir() else ""

    def current(self) -> str | None:
        """The release that `point` named last, as long as there is one of that name."""
        with _not_now("read", self._releases):
            link = self._releases / _CURRENT
            return link.readlink().name if link.is_symlink() and link.is_dir() else None

    def point(self, commit: str) -> None:
        """Let `current` name a release. At any moment it names the one before or this one."""
        if self.current() == commit:
            return
        with _not_now("write", self._releases):
            if not (self._releases / commit).is_dir():
                raise DeploymentError(f"there is no release {commit} in {self._releases}: prepare it first")
            draft = self._releases / f".{_CURRENT}"
            draft.unlink(missing_ok=True)
            draft.symlink_to(commit)
            draft.replace(self._releases / _CURRENT)
            disk.sync(self._releases)

    def kept(self) -> tuple[str, ...]:
        """The whole releases, newest first."""
        if not self._releases.is_dir():
            return ()
        with _not_now("read", self._releases):
            found = [path for path in self._releases.iterdir() if path.is_dir() and not path.is_symlink()]
            found.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
            return tuple(path.name for path in found if not path.name.startswith("."))

    def tidy(self, keep: frozenset[str]) -> None:
        """Remove the oldest releases beyond the kept number, and what only they needed."""
        with self._writing():
            self._clear()
            releases = self.kept()
            needed = {*releases[:KEPT_RELEASES], *keep, self.current()}
            for name in releases:
                if name not in needed:
                    _remove(self._releases / name)
            links = [self._releases / name / ENVIRONMENT for name in self.kept()]
            named = {link.readlink().name for link in links if link.is_symlink()}
            for environment in _entries(self._releases / ENVIRONMENTS):
                if environment.name not in named:
                    _remove(environment)
            markers = sorted(_entries(self._releases / _REFUSED), key=lambda path: path.stat().st_mtime_ns)
            for marker in markers[:-KEPT_RELEASES]:
                marker.unlink()

    def _make(self, folder: Path, export: Callable[[Path], None]) -> None:
        draft = draft_beside(folder)
        export(draft)
        draft.chmod(0o755)  # whoever serves it may be another user
        disk.check_room(self._releases)
        if self._python:
            byte_compile(draft, self._python)
        disk.settle(draft)
        disk.check_room(self._releases)
        draft.rename(folder)
        disk.sync(self._releases)
        (self._releases / _REFUSED / folder.name).unlink(missing_ok=True)

    def _refuse(self, commit: str, reason: str) -> None:
        marker = self._releases / _REFUSED / commit
        marker.parent.mkdir(exist_ok=True)
        draft = draft_beside(self._releases / commit)
        draft.write_text(reason[:_LONGEST_REASON])
        draft.replace(marker)

    def _clear(self) -> None:
        """Remove what is half made or half removed. Only its own work or a killed one's: nobody else writes now."""
        for path in (*_entries(self._releases), *_entries(self._releases / ENVIRONMENTS)):
            if path.name.startswith((DRAFT, GONE)):
                _delete(path)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone, whatever other healer may have been given the same folder."""
        with _not_now("write", self._releases):
            self._releases.mkdir(parents=True, exist_ok=True)
            with (self._releases / _LOCK).open("a") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise DeploymentError(f"another release is being written in {self._releases} just now") from error
                yield


def draft_beside(path: Path) -> Path:
    """A new name: what a killed process had started may still write to the draft that was left."""
    return path.with_name(f"{DRAFT}{path.name}.{secrets.token_hex(4)}")


def byte_compile(folder: Path, python: str) -> None:
    """Compile what can be compiled, running none of it; what cannot will say so when it is started.

    By hash: an mtime does not survive every way of copying a volume, and what is mounted read-only could never be
    compiled anew. Checked, as whoever changes a file there by hand must not be served the one before.
    """
    options = ("-qq", "-j", "1", "--invalidation-mode", "checked-hash")
    command = [python, "-I", "-S", "-m", "compileall", *options, str(folder)]
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        running.run(command, environment, _COMPILE_SECONDS, lambda: disk.check_room(folder))
    except OSError as error:
        _log.warning("a release is not compiled ahead, so its first start takes longer: %s", error)


def _remove(folder: Path) -> None:
    """Under its name it is whole to the last moment."""
    gone = folder.with_name(f"{GONE}{folder.name}")
    folder.rename(gone)
    _delete(gone)


def _delete(path: Path) -> None:
    """As far as that is possible; what stays is found the next time."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


@contextmanager
def _not_now(what: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DeploymentError(f"cannot {what} {folder}: {error}") from error
