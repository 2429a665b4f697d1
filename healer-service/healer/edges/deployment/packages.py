"""A release's own packages: installed beside the releases from its lock file, and named by a link in its folder.

Releases with the same lock share them. Nothing of a package is run here: wheels only, from where the healer's PIP_*
variables say.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from healer.edges.deployment import disk, running
from healer.edges.deployment.folders import ENVIRONMENT, ENVIRONMENTS, Unusable, byte_compile, draft_beside
from healer.model import DeploymentError

INSTALL_SECONDS = 600.0
ASK_SECONDS = 20.0
LARGEST_LOCK = 2 * 2**20
LARGEST_LOG = 16 * 2**20
LONGEST_REASON = 1500

# Where packages come from. The others say what is done with them, and that is settled here.
_PASSED_ON = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST", "PIP_CONFIG_FILE"),
    *("PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_RETRIES", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT"),
)
_OPTIONS = (
    *("--only-binary", ":all:", "--no-deps", "--no-compile", "--no-cache-dir", "--no-input", "--no-color"),
    *("--progress-bar", "off", "--disable-pip-version-check", "--root-user-action", "ignore", "--no-warn-conflicts"),
)
# One package of one version. Of the options only hashes: the others name addresses, have code run that comes with a
# package, or (as ${NAME} does) hand the healer's variables to whoever is named.
_PIN = re.compile(
    r"[A-Za-z0-9][\w.-]*(?:\[[\w., -]*\])?\s*===?\s*[A-Za-z0-9][\w.!+-]*"
    r"(?:\s*;(?:(?!\s-)[\w\s.,'\"()<>=!~+-])*)?"
    r"(?P<hashes>(?:\s+--hash[=\s]sha(?:256|384|512):[0-9a-f]+)*)\s*",
    re.ASCII,
)
_COMMENT = re.compile(r"(?:^|\s)#.*")
# What pip says of the lock or of what the index has, and not of the way to it.
_FOR_GOOD = re.compile(
    r"DO NOT MATCH THE HASHES|Hashes are required in --require-hashes mode"
    r"|is not a supported wheel on this platform|requires a different Python|Invalid requirement"
)
_NOT_FOUND = "No matching distribution found"
_UNREACHED = re.compile(r"Could not fetch URL|Retrying \(|connection broken|is ignored: |No space left|timed out")
_USER = re.compile(r"//[^/\s@]+@")
_IDENTITY = "import sys, sysconfig; print(sys.implementation.cache_tag, sys.version, sysconfig.get_platform())"


class Packages:
    """`requirements` is the path of the lock file in the repository, "" for a service whose releases have none."""

    def __init__(self, releases: Path, python: str, requirements: str) -> None:
        self._environments = releases / ENVIRONMENTS
        self._python = python
        self._requirements = requirements

    def add(self, release: Path) -> None:
        """Have what the lock file in a release's folder names. Raises Unusable, and DeploymentError for "not now"."""
        if not self._requirements or not (release / self._requirements).is_file():
            return
        pins = locked(self._requirements, release / self._requirements)
        if not pins:
            return
        link = release / ENVIRONMENT
        if link.exists():
            raise Unusable(f"the repository holds {ENVIRONMENT}, which is the name of a release's packages; rename it")
        python = shutil.which(self._python)
        if python is None:
            raise DeploymentError(f"python {self._python!r} of the service is no program: packages need it")
        told = running.run([python, "-I", "-S", "-c", _IDENTITY], _environment(release), ASK_SECONDS)
        if told.status != 0:
            raise DeploymentError(f"{python} does not say which version it is: {told.output.strip()[-200:]}")
        name = hashlib.sha256("\n".join((told.output, *pins)).encode()).hexdigest()[:32]
        if not (self._environments / name).is_dir():
            self._environments.mkdir(exist_ok=True)
            self._install(name, pins, python)
        link.symlink_to(Path("..", ENVIRONMENTS, name))

    def completing(self, export: Callable[[Path], None]) -> Callable[[Path], None]:
        """What makes a release's folder whole: `export`, and then the packages."""

        def whole(folder: Path) -> None:
            export(folder)
            self.add(folder)

        return whole

    def _install(self, name: str, pins: tuple[str, ...], python: str) -> None:
        """Whoever prepares the release clears away what is left of the draft, here and after a kill."""
        draft = draft_beside(self._environments / name)
        packages, lock, log, scratch = (draft / part for part in ("packages", "lock.txt", "log", "tmp"))
        scratch.mkdir(parents=True)
        lock.write_text("\n".join(pins) + "\n")
        command = [sys.executable, "-I", "-m", "pip", "--python", python, "install", "--requirement", str(lock)]
        command += ["--target", str(packages), "--log", str(log), *_OPTIONS]
        if any("--hash" in pin for pin in pins):
            command.append("--require-hashes")
        ran = running.run(command, _environment(scratch), INSTALL_SECONDS, lambda: disk.check_room(draft))
        if ran.status != 0:
            said = _errors(ran.output)
            if ran.status is None:
                raise DeploymentError(f"installing packages took more than {INSTALL_SECONDS:.0f} seconds: {said}")
            if is_for_good(ran.output + _text(log)):
                raise Unusable(f"The packages in {self._requirements} cannot be installed, as wheels: {said}")
            raise DeploymentError(f"cannot install the packages in {self._requirements} now: {said}")
        packages.mkdir(exist_ok=True)  # every pin may be for another platform
        byte_compile(packages, python)
        disk.settle(packages)
        disk.check_room(draft)
        packages.rename(self._environments / name)
        disk.sync(self._environments)


def locked(name: str, file: Path) -> tuple[str, ...]:
    """The pins of a lock file, each with its hashes. Raises Unusable, which names the line."""
    if file.stat().st_size > LARGEST_LOCK:
        raise Unusable(f"{name} has more than {LARGEST_LOCK:,} bytes: it is no lock file")
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Unusable(f"{name} is no text in UTF-8: {error}") from error
    pins, begun = [], ""
    for number, line in enumerate((*lines, ""), 1):
        whole = begun + _COMMENT.sub("", line)
        if whole.endswith("\\"):
            begun = f"{whole[:-1].rstrip()} "
            continue
        begun = ""
        if pin := " ".join(whole.split()):
            if not _PIN.fullmatch(pin):
                raise Unusable(
                    f"{name}, line {number}: {pin[:80]!r} is not taken. Only name==version is, with hashes if you "
                    "like; lock everything else (pip-compile, uv export --no-emit-project), and name indexes to the "
                    "healer, in PIP_INDEX_URL or PIP_EXTRA_INDEX_URL"
                )
            pins.append(pin)
    return tuple(pins)


def is_for_good(log: str) -> bool:
    """Whether another try would end the same way. In doubt it would not: then nothing is lost but time."""
    if _FOR_GOOD.search(log):
        return True
    return _NOT_FOUND in log and not _UNREACHED.search(log)


def _environment(home: Path) -> Mapping[str, str]:
    given = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.environ.get("PATH", os.defpath)
    return {**given, "PATH": path, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "PYTHONNOUSERSITE": "1"}


def _errors(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    first = next((number for number, line in enumerate(lines) if line.startswith("ERROR: ")), -3)
    telling = " ".join(line.removeprefix("ERROR: ") for line in lines[first:])
    return _USER.sub("//", telling)[-LONGEST_REASON:] or "pip said nothing"


def _text(log: Path) -> str:
    try:
        with log.open(errors="replace") as text:
            return text.read(LARGEST_LOG)
    except OSError:
        return ""
