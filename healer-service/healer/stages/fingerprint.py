"""Groups reports into incidents: what counts as the same fault. It reads a report and nothing else."""

from __future__ import annotations

import hashlib

from healer.model import Report

# A version once released is frozen: known incidents keep their fingerprints, a better grouping becomes version 2.
VERSION = "1"


def fingerprint(report: Report) -> str:
    """The type of the exception and the statement that raised it, by text rather than by line number.

    Lines move with every commit, messages hold the values of one request; neither may split an incident. A crash with
    no frame of the service's own is told apart by the innermost foreign function and the route.
    """
    parts = [VERSION, report.exception.module, report.exception.type]
    if report.app_frames:
        fault = report.app_frames[-1]
        parts += [fault.file, fault.function, " ".join(fault.source.split())]
    else:
        foreign = report.frames[-1] if report.frames else None
        parts += [foreign.file, foreign.function] if foreign else []
        parts += [report.request.method if report.request else ""]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()
