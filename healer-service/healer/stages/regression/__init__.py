"""A regression test for a proposal: the failing request in the style of the repository's own tests, with the answer
that the patched service gave. Whether it fails before and passes after, the sandbox tells.

Texts of a report only ever stand in quoted literals of it; names and everything else are made here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from healer.model import Call, Candidate, Change, Diagnosis, Regression, Replay, Report
from healer.stages.regression import calls, expectations, naming, placing, scene, sending, steps
from healer.stages.regression.composing import compose
from healer.stages.regression.discretion import Discretion
from healer.stages.regression.expectations import Expectation
from healer.stages.regression.literals import Unwritable
from healer.stages.regression.repository import Repository
from healer.stages.regression.scene import Scene
from healer.stages.regression.steps import Steps
from healer.stages.regression.suite import OwnTests

__all__ = ["drafts"]


def drafts(
    report: Report,
    diagnosis: Diagnosis,
    candidate: Candidate,
    after: Replay,
    tests: Mapping[str, str],
    sources: Mapping[str, str],
    folders: tuple[str, ...],
    entry: str | None,
    call: Call | None = None,
) -> Iterator[Regression]:
    """The most telling first; which of them fails before and passes after can only be tried. They differ in the
    requests that build the state, and in how much of the answer they assert.
    """
    patched = {change.file: change.after for change in candidate.changes}
    repository = Repository(
        OwnTests({path: patched.get(path, text) for path, text in tests.items()}),
        {path: patched.get(path, text) for path, text in sources.items()},
        folders,
        entry or report.entry,
    )
    discretion = Discretion([*tests.values(), *sources.values()])
    quiet, replayed = discretion.report(report), discretion.replay(after)
    last = replayed.last
    if last is None:
        return
    if call is not None:
        with contextlib.suppress(Unwritable):
            made = calls.compose(discretion.call(call), last, diagnosis, repository)
            yield _placed(made.scene, made.name, made.lines, made.imports)
        return
    seen: set[str] = set()
    for wanted, expectation in _plans(quiet, replayed, repository.header_words):
        with contextlib.suppress(Unwritable):
            draft = _of_requests(quiet, diagnosis, wanted, expectation, repository)
            if draft is not None and draft.change.after not in seen:
                seen.add(draft.change.after)
                yield draft


def _plans(report: Report, after: Replay, words: frozenset[str]) -> Iterator[tuple[Steps, Expectation]]:
    if report.request is None or after.last is None or after.last.status is None:
        return
    missing = sending.redacted(report.request, words)
    found = steps.alternatives(report, after, needs_token="authorization" in missing, needs_cookie="cookie" in missing)
    requests = [*report.earlier_requests, report.request]
    telling = [(one, expectations.expected(after.last, one, requests)) for one in found]
    yield from telling
    yield from ((one, Expectation(said.status)) for one, said in telling if said != Expectation(said.status))


def _of_requests(
    report: Report,
    diagnosis: Diagnosis,
    wanted: Steps,
    expectation: Expectation,
    repository: Repository,
) -> Regression | None:
    """Raises Unwritable where a request cannot be repeated in a test."""
    assert report.request is not None
    requests = [step.request for step in wanted.all]
    words = repository.header_words
    missing = {name for request in requests for name in sending.redacted(request, words)}
    if wanted.token is not None:
        missing.discard("authorization")
    if wanted.signs_in:
        missing.discard("cookie")
    route = naming.route_of(report, repository.sources)
    word = naming.module_words(route.file if route is not None else diagnosis.fault.file)
    there = scene.find(repository, report.request, report.framework, access=bool(missing), word=word)
    if there is None:
        return None
    texts = "\n".join(module.source for module in repository.tests.modules.values())
    headers = {step.number: sending.headers_of(step.request, words, texts) for step in wanted.all}
    name = naming.of_request(report.request, route, diagnosis, expectation.status, requests)
    taken = placing.names_taken(there.module) if there.module is not None else frozenset[str]()
    name = naming.unique(name, taken, camel=there.habits.camel)
    return _placed(there, name, compose(there, wanted, expectation, name, headers))


def _placed(there: Scene, name: str, lines: list[str], imports: Sequence[tuple[str, str]] = ()) -> Regression:
    if there.module is None:
        before, blank_lines = "", ["", ""] if there.head else []
        text = "\n".join([*there.head, *blank_lines, *lines]) + "\n"
    else:
        before = there.module.source
        text = placing.appended(there.module, lines, there.owner, there.habits.blank_lines)
    after = placing.with_imports(text, imports)
    parts = [there.path, *([there.owner.name] if there.owner is not None else []), name]
    mode = "100644" if there.module is not None else ""
    return Regression(Change(there.path, before, after, before_mode=mode), "::".join(parts))
