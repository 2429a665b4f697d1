"""What is made of the two replays and of the traceback; the repository and the store are real, the sandbox is not."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from healer.edges.checkout import Checkout
from healer.edges.store import Release, Store
from healer.model import Frame, Replay, Report, Request, SandboxError
from healer.pipeline.blaming import blame

from tests.healer.samples import CRASH, a_replay, a_report, answered, crashed

TOTALS = """\
def total(lines):
    return sum(lines)


def mean(lines):
    return total(lines) / max(1, len(lines))
"""
CHANGED = TOTALS.replace("max(1, len(lines))", "len(lines)")
LONGER = TOTALS.replace("    return sum(lines)\n", "    lines = list(lines)\n    return sum(lines)\n", 1)
IN_MEAN = Frame("totals.py", 6, "mean", True)
IN_TOTAL = Frame("totals.py", 2, "total", True)
ELSEWHERE = Frame("pages.py", 1, "show", True)
NEW = b" / len(lines)"
REPORT = a_report(frames=(ELSEWHERE, IN_MEAN))


class Desk:
    def __init__(self, folder) -> None:
        seed = folder / "seed"
        seed.mkdir()
        (seed / "totals.py").write_text(TOTALS)
        (seed / "pages.py").write_text("x = 1\n")
        self.store = Store(f"sqlite:///{folder}/healer.db")
        self.store.migrate()
        self.checkout = Checkout(folder / "mirror.git", str(folder / "origin.git"), "main")
        self.checkout.seed(seed)
        self.old = self.checkout.fetch()
        self.new = self.commit(self.old, CHANGED)
        self.replays: list[bytes] = []
        self._reports = itertools.count()

    def commit(self, base: str, text: str) -> str:
        return self.checkout.commit(base, {"totals.py": text}, "m\n", "2026-01-02T03:04:05Z")

    def blame(
        self,
        replays: Callable[[bool], Replay],
        report: Report = REPORT,
        **changes: str | None,
    ) -> str | None:
        """`replays`: what the sandbox says of the new code, and of the old one. `changes` of the release."""
        self.replays.clear()

        def replayed(tree: bytes, *_: object, **__: object) -> Replay:
            self.replays.append(tree)
            return replays(NEW in tree)

        sandbox = SimpleNamespace(replay=replayed)
        service = SimpleNamespace(
            checkout=self.checkout, sandbox=sandbox, entry=None, limits={}, replay_env={}, replay_headers={}
        )
        number = next(self._reports)
        incident = self.store.incidents.take(replace(report, report_id=f"{number:032d}"), f"f{number}")
        release = Release("shop", self.new, None, "push", "soaking", self.old, "", "2026-01-02T03:04:05Z")
        release = replace(release, **changes)
        return blame(SimpleNamespace(store=self.store), service, incident, release)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = Desk(tmp_path_factory.mktemp("blaming"))
    yield made
    made.store.close()


def shows(frame: Frame) -> Replay:
    return a_replay(crashed(CRASH, frame))


def test_what_crashes_on_the_new_code_and_not_on_the_old_is_the_releases_doing(desk):
    both_at_once = threading.Barrier(2, timeout=10)

    def replays(new: bool) -> Replay:
        both_at_once.wait()
        return shows(IN_MEAN) if new else a_replay(answered(200))

    assert desk.blame(replays) == (
        f"GET /things ends in KeyError on {desk.new[:10]} and is answered 200 on {desk.old[:10]}, the code before, "
        "when both are replayed in the sandbox."
    )
    assert sorted(NEW in tree for tree in desk.replays) == [False, True]


@pytest.mark.parametrize("new", [shows(IN_MEAN), a_replay(answered(200)), Replay("import: no such module")])
def test_what_crashes_on_the_old_code_is_not(desk, new):
    assert desk.blame(lambda is_new: new if is_new else shows(IN_MEAN)) == ""


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (a_replay(answered(200)), a_replay(answered(200))),  # it comes and goes, or needs the live data
        (shows(IN_MEAN), Replay("out of memory")),
        (shows(IN_MEAN), a_replay(crashed(replace(CRASH, type="OSError")))),  # before it came so far
        (Replay("timeout"), a_replay(answered(200))),
    ],
)
def test_where_the_replays_do_not_tell_the_traceback_does(desk, new, old):
    reason = desk.blame(lambda is_new: new if is_new else old)
    assert reason == (
        "KeyError came by way of mean in totals.py, which the release changed; a replay does not tell more."
    )


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ((IN_MEAN, IN_TOTAL), "mean in totals.py, which the release changed"),
        ((ELSEWHERE, IN_TOTAL), "totals.py, which the release changed elsewhere"),
        ((replace(IN_MEAN, in_app=False), ELSEWHERE), ""),
        ((), ""),
    ],
)
def test_a_changed_function_says_more_than_a_changed_file_and_other_code_says_nothing(desk, frames, reason):
    found = desk.blame(lambda _: a_replay(answered(200)), a_report(frames=frames))
    assert found == (f"KeyError came by way of {reason}; a replay does not tell more." if reason else "")


def test_lines_that_are_gone_count_as_a_change_of_their_function(desk):
    report = a_report(frames=(IN_TOTAL,), request=None)
    longer = desk.commit(desk.old, LONGER)
    reason = desk.blame(lambda _: a_replay(), report, previous=longer, commit=desk.old)
    assert "total in totals.py, which the release changed;" in reason


@pytest.mark.parametrize("request_", [None, Request("POST", "/things", truncated=True)])
def test_what_cannot_be_sent_again_is_not_replayed(desk, request_):
    assert "mean in totals.py" in desk.blame(lambda _: shows(IN_MEAN), a_report(frames=(IN_MEAN,), request=request_))
    assert desk.replays == []


def test_what_the_release_before_reports_too_is_nobodys_new_doing(desk):
    assert desk.blame(lambda new: shows(IN_MEAN) if new else a_replay(answered(200)), a_report(release=desk.old)) == ""
    assert desk.blame(lambda _: shows(IN_MEAN), previous=None) == ""


def test_while_the_sandbox_or_git_is_away_nothing_is_said(desk):
    def away(_new: bool) -> Replay:
        raise SandboxError("no sandbox answers")

    assert desk.blame(away) is None
    assert desk.blame(lambda _: shows(IN_MEAN), previous="f" * 40) is None
