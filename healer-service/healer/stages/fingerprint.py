"""Groups reports into incidents: what counts as the same fault. It reads a report and nothing else."""

from __future__ import annotations

import hashlib
import re

from healer.model import PYTHON, Report

# A version once released is frozen: known incidents keep their fingerprints, a better grouping becomes version 2.
VERSION = "1"

_ANONYMOUS = re.compile(r".*\?|.*<?anonymous>?|.*<unknown>|(?:.*\.)?func\d+(?:\.\d+)*", re.I)
_INSTALLED = re.compile(r"^.*(?:node_modules|pkg/mod|vendor|site-packages)/")
_VERSION = re.compile(r"@v?\d[^/]*")
_LONGEST = 300  # characters of a text; the next pattern takes their square
# Hashes of a build, as bundlers and compilers put them into names, and numbers of any kind.
_CHANGING = re.compile(
    r"[.-](?=[\w-]*[\dA-Z])[\w-]{8,}(?=\.[cm]?js\b)|(?<![A-Za-z0-9])(?=[a-fA-F]*\d)[0-9a-fA-F]{6,}(?![A-Za-z0-9])|\d+"
)


def fingerprint(report: Report) -> str:
    """The type of the exception and the statement that raised it, by text rather than by line number.

    Lines move with every commit, messages hold the values of one request; neither may split an incident. A crash with
    no frame of the service's own is told apart by the innermost foreign function and the route.
    """
    parts = [VERSION, *(_python(report) if report.platform == PYTHON else _other(report))]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


def _python(report: Report) -> list[str]:
    parts = [report.exception.module, report.exception.type]
    if report.app_frames:
        fault = report.app_frames[-1]
        return [*parts, fault.file, fault.function, " ".join(fault.source.split())]
    foreign = report.frames[-1] if report.frames else None
    parts += [foreign.file, foreign.function] if foreign else []
    return [*parts, report.request.method if report.request else ""]


def _other(report: Report) -> list[str]:
    """Nothing that another build, version or machine names otherwise."""
    parts = [report.platform, report.exception.type]
    frame = next(iter((report.app_frames or report.frames)[-1:]), None)
    if frame is None:
        return [*parts, report.request.method if report.request else ""]
    unnamed = not frame.function or _ANONYMOUS.fullmatch(frame.function) is not None
    place = frame.file if unnamed or not frame.source else ""
    place = _VERSION.sub("", _INSTALLED.sub("", place))
    function = "" if unnamed else frame.function
    return [
        *parts,
        *(_CHANGING.sub("#", text[:_LONGEST]) for text in (place, function, " ".join(frame.source.split()))),
    ]
