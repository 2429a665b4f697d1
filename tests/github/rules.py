"""Refuses pushes in GitHub's words: a hook of the bare repository, for protected branches and rule sets.

Merges made by the API do not pass it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

REFUSED = """case "$1" in refs/heads/{}) echo "error: {}" >&2; echo "{}" >&2; exit 1;; esac"""
PROTECTED = "GH006: Protected branch update failed for $1."
THROUGH = "Changes must be made through a pull request."
VIOLATED = "GH013: Repository rule violations found for $1."
RESTRICTED = "Cannot create ref due to creations being restricted."


def write(repository: Path, protected: Sequence[str], patterns: Sequence[str]) -> None:
    cases = [REFUSED.format(name, PROTECTED, THROUGH) for name in protected]
    cases += [REFUSED.format(pattern, VIOLATED, RESTRICTED) for pattern in patterns]
    hook = repository / "hooks" / "update"
    hook.write_text("\n".join(["#!/bin/sh", *cases, "exit 0", ""]))
    hook.chmod(0o755)
