"""Small services as text: crashed for real in this process, and asked again once repaired.

It judges no answer.
"""

from __future__ import annotations

import linecache
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType, TracebackType
from typing import Any

from fastapi.testclient import TestClient
from healer.model import Candidate, Diagnosis, ExceptionInfo, Frame, Report, Request
from healer.stages.diagnosis import diagnose
from healer.stages.playbooks import propose
from healer.stages.ranking import order


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True)
class Answered:
    status: int
    body: Any


class Service:
    """One version of the source, loaded as modules of its own."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = dict(sources)
        self.modules = [path.removesuffix(".py").replace("/", ".") for path in sources]
        for name in self.modules:
            sys.modules.pop(name, None)
        # A module that others import stands before them in the mapping.
        for path, name in zip(sources, list(self.modules), strict=True):
            module = ModuleType(name)
            package, _, last = name.rpartition(".")
            if package:
                setattr(self._package(package), last, module)
            sys.modules[name] = module
            linecache.cache[path] = (len(sources[path]), None, sources[path].splitlines(True), path)
            exec(compile(sources[path], path, "exec"), module.__dict__)
        self.app = sys.modules[self.modules[-1]].__dict__["app"]

    def _package(self, name: str) -> ModuleType:
        if name not in self.modules:
            self.modules.insert(0, name)
            sys.modules[name] = ModuleType(name)
            sys.modules[name].__path__ = []
        return sys.modules[name]

    def ask(self, one: Ask) -> Answered:
        """Raises what the service raises."""
        if hasattr(self.app, "test_client"):
            return self._ask_flask(one)
        client = TestClient(self.app)
        kwargs: dict[str, Any] = {"headers": dict(one.headers)}
        if one.json is not None:
            kwargs["json"] = one.json
        if one.content is not None:
            kwargs["content"] = one.content
        response = client.request(one.method, one.path, **kwargs)
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return Answered(response.status_code, response.json() if is_json and response.content else response.text)

    def _ask_flask(self, one: Ask) -> Answered:
        self.app.config["PROPAGATE_EXCEPTIONS"] = True
        response = self.app.test_client().open(one.path, method=one.method, headers=dict(one.headers), json=one.json)
        return Answered(response.status_code, response.json if response.is_json and response.data else response.text)

    def close(self) -> None:
        for name in self.modules:
            sys.modules.pop(name, None)


Check = tuple[Sequence[Ask], Ask, int, Any]
"""Requests before, a variant of the failing one, and the status and body (None: any) it is to be answered with."""
Case = tuple[str, str | Mapping[str, str], Sequence[Ask], Ask, int, Any, Sequence[Check]]
"""Name, service, requests before, the failing one, its right status and body (None: any), and variants."""


def sources_of(text: str | Mapping[str, str]) -> dict[str, str]:
    files = {"app.py": text} if isinstance(text, str) else dict(text)
    return {path: textwrap.dedent(source).lstrip("\n") for path, source in files.items()}


def crash(sources: Mapping[str, str], before: Sequence[Ask], failing: Ask) -> Report:
    service = Service(sources)
    try:
        for one in before:
            service.ask(one)
        try:
            service.ask(failing)
        except Exception as error:
            return report_of(error, sources, failing)
    finally:
        service.close()
    raise AssertionError("the service did not crash")


def report_of(error: BaseException, sources: Mapping[str, str], failing: Ask) -> Report:
    frames: list[Frame] = []
    # An asynchronous framework may raise something else from what the service raised.
    inner = error.__cause__ if error.__cause__ is not None and not _is_own(error, sources) else error
    step: TracebackType | None = inner.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        own = file in sources
        names = {n: repr(v)[:300] for n, v in step.tb_frame.f_locals.items() if not n.startswith("__")} if own else {}
        frames.append(
            Frame(
                file if own else "site-packages/x.py", step.tb_lineno, step.tb_frame.f_code.co_name, own, locals=names
            )
        )
        step = step.tb_next
    kind = type(error)
    info = ExceptionInfo(kind.__name__, str(error), kind.__module__, tuple(c.__name__ for c in kind.__mro__))
    request = Request(
        failing.method, failing.path, failing.headers, "json" if failing.json is not None else "none", failing.json
    )
    whole = "\n".join(sources.values())
    marks = {"import Flask": "flask", "fastapi": "fastapi", "starlette": "starlette"}
    framework = next((name for mark, name in marks.items() if mark in whole), "asgi")
    return Report("r", "svc", "2026-01-01T00:00:00Z", info, tuple(frames), request, framework=framework)


def _is_own(error: BaseException, sources: Mapping[str, str]) -> bool:
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename in sources:
            return True
        step = step.tb_next
    return False


def repaired(sources: Mapping[str, str], candidate: Candidate) -> dict[str, str]:
    return {**sources, **{change.file: change.after for change in candidate.changes}}


def outcome(sources: Mapping[str, str], before: Sequence[Ask], failing: Ask) -> Answered | None:
    """None when it crashes, or does not load."""
    try:
        service = Service(sources)
    except Exception:
        return None
    try:
        for one in before:
            service.ask(one)
        return service.ask(failing)
    except Exception:
        return None
    finally:
        service.close()


def heal(
    text: str | Mapping[str, str], before: Sequence[Ask], failing: Ask
) -> tuple[Diagnosis, list[tuple[Candidate, Answered]]]:
    """The diagnosis, and every candidate that no longer crashes with what it answers, in the order of the ranking."""
    sources = sources_of(text)
    report = crash(sources, before, failing)
    diagnosis = diagnose(report, sources)
    ordered = order(propose(report, diagnosis, sources), diagnosis)
    tried = [(c, outcome(repaired(sources, c), before, failing)) for c in ordered]
    return diagnosis, [(c, answered) for c, answered in tried if answered is not None]


def assert_right(case: Case) -> None:
    """The first candidate that no longer crashes answers the failing request and its variants as a maintainer would."""
    _, text, before, failing, status, body, checks = case
    _, healed = heal(text, before, failing)
    assert healed, "no candidate answers"
    candidate, answer = healed[0]
    assert (answer.status, answer.body if body is not None else None) == (status, body), candidate.diff
    fixed = repaired(sources_of(text), candidate)
    for earlier, variant, wanted, said in checks:
        given = outcome(fixed, earlier, variant)
        assert given is not None, candidate.diff
        assert (given.status, given.body if said is not None else None) == (wanted, said), candidate.diff


def report_at(
    sources: Mapping[str, str],
    line: str,
    exception: ExceptionInfo,
    *,
    file: str = "app.py",
    framework: str = "flask",
    names: Mapping[str, str] | None = None,
    stack: Sequence[tuple[str, str]] = (),
) -> Report:
    """A report whose last frame is at the line with that text; `stack` names (file, line) of the callers,
    oldest first.
    """
    frames = []
    for where, text in [*stack, (file, line)]:
        number = next(i for i, content in enumerate(sources[where].splitlines(), 1) if text in content)
        frames.append(Frame(where, number, "f", True, text))
    frames[-1] = replace(frames[-1], locals=names or {})
    return Report("r", "svc", "2026-01-01T00:00:00Z", exception, tuple(frames), framework=framework)
