"""What the checks of a commit come to: check runs and commit statuses together. It starts and repeats none."""

from __future__ import annotations

from itertools import islice

from github.CheckRun import CheckRun
from github.Commit import Commit

from healer.edges.forge.github.calls import Calls, Refusal

MOST = 500
_GOOD = ("success", "neutral", "skipped")
_HIDDEN = (403, 404)


def result(calls: Calls, commit: Commit, sha: str) -> str:
    """none | pending | passed | failed | unknown. What the token may not see is left out, if it sees anything."""
    found = [_runs(calls, commit, sha), _statuses(calls, commit, sha)]
    for one in ("failed", "pending", "passed"):
        if one in found:
            return one
    # Where a half is hidden, nothing in the other does not mean that there is nothing.
    return "unknown" if "unknown" in found else "none"


def _runs(calls: Calls, commit: Commit, sha: str) -> str:
    try:
        with calls.asking(f"read the checks of {sha[:10]}", "Checks: read-only"):
            latest: dict[tuple[object, str], CheckRun] = {}
            for run in islice(commit.get_check_runs(filter="latest"), MOST):
                key = (run.app.id if run.app else None, run.name)
                if key not in latest or latest[key].id < run.id:
                    latest[key] = run
            ends = [run.conclusion if run.status == "completed" else None for run in latest.values()]
    except Refusal as error:
        return _hidden(error)
    if any(end is not None and end not in _GOOD for end in ends):
        return "failed"
    if None in ends:
        return "pending"
    return "passed" if ends else "none"


def _statuses(calls: Calls, commit: Commit, sha: str) -> str:
    try:
        with calls.asking(f"read the commit statuses of {sha[:10]}", "Commit statuses: read-only"):
            combined = commit.get_combined_status()
            if not combined.total_count:
                return "none"  # GitHub calls that pending
            state = combined.state
    except Refusal as error:
        return _hidden(error)
    return {"success": "passed", "pending": "pending"}.get(state, "failed")


def _hidden(error: Refusal) -> str:
    if error.status in _HIDDEN:
        return "unknown"
    raise error
