"""Makes one report: what must be seen at once is taken at once, the rest is written later on the delivery's thread.

It does not send anything and does not decide whether an exception is worth a report.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from selfheal.exchange import Exchange, request_json
from selfheal.frames import Shot, Tree, frame_json, framework_of, shoot, traced, versions_of
from selfheal.instances import type_bases, type_dict, type_home, type_mro, type_name
from selfheal.scrub import Scrubber
from selfheal.settings import Settings
from selfheal.taking import Budget, Final
from selfheal.traffic import earlier_requests
from selfheal.values import written

CLIENT = "selfheal/0.1.0"
_LARGEST = 2**20 - 1000  # bytes; the healer takes a little more
_MESSAGE = 4000
_TAIL = 64  # end of a cut message that may hold half of a secret
_NAME = 200
_CHAIN = 10
_OF_CHAIN = 15_000  # characters of values that are left for it, whatever the main exception took
_LEAVES = 100  # of a group that are looked at


class _Seen:
    """One exception as it was when it was caught."""

    def __init__(self, error: BaseException, tree: Tree, budget: Budget, relation: str = "") -> None:
        cls = type(error)
        self.relation = relation
        self.shots: list[Shot] = [] if budget.late() else shoot(error.__traceback__, tree, budget)
        self._message = _message(error)
        self._type = {"type": type_name(cls)[:_NAME], "module": type_home(cls)[:_NAME]}
        self._bases = [name[:_NAME] for name in type_bases(cls)[:50]]

    def json(self, scrub: Scrubber) -> dict[str, Any]:
        exception = {**self._type, "message": _text(self._message, scrub), "bases": self._bases}
        return {"exception": exception, "frames": [frame_json(shot, scrub) for shot in self.shots]}


class Draft:
    """A crash as it was the moment it was caught: frames and values; the request and the traffic still raw."""

    def __init__(
        self,
        error: BaseException,
        exchange: Exchange | None,
        recent: Sequence[Exchange],
        settings: Settings,
        tree: Tree,
        mechanism: str = "capture_exception",
        handled: bool = True,
    ) -> None:
        self.report_id = os.urandom(16).hex()
        self._time = time.time()
        self._settings = settings
        self._exchange = exchange
        self._recent = list(recent)
        self._mechanism = {"type": mechanism, "handled": handled}
        budget = Budget()
        main = leaf_of(error, tree)
        self._main = _Seen(main, tree, budget)
        budget.characters = max(budget.characters, _OF_CHAIN)
        linked = islice(_linked(error, main), _CHAIN)
        self._chain = [_Seen(other, tree, budget, relation) for relation, other in linked]

    def write(self) -> bytes:
        """The report as JSON, within the size that the healer takes, without its last brace: `suppressed` is added
        when it is sent."""
        report, document = self.build(), b""
        for smaller in ({}, *_smaller(report)):
            report.update(smaller)
            document = json.dumps(report, separators=(",", ":"), allow_nan=False).encode("ascii")[:-1]
            if len(document) < _LARGEST:
                break
        return document

    def build(self) -> dict[str, Any]:
        scrub = Scrubber(self._settings.redact, self._settings.patterns)
        request = request_json(self._exchange, scrub) if self._exchange else None
        earlier = earlier_requests(self._recent, self._exchange, scrub) if self._exchange else []
        main = self._main.json(scrub)
        chain = [{"relation": seen.relation, **seen.json(scrub)} for seen in self._chain]
        # A secret found anywhere is searched for everywhere else, except in names of types, files and functions.
        for part in (main, *chain):
            part["exception"]["message"] = scrub.sweep(part["exception"]["message"])
            for frame in part["frames"]:
                frame.update({name: scrub.sweep(frame[name]) for name in ("source", "context", "locals")})
        for sent in (request, *earlier) if request else ():
            sent.update({name: scrub.sweep(part) for name, part in sent.items() if name != "method"})
        framework = framework_of(self._exchange.application) if self._exchange else None
        return {
            "report_id": self.report_id,
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._time)),
            "release": self._settings.release,
            "entry": self._settings.entry,
            "framework": framework,
            "client": CLIENT,
            "python": platform.python_version(),
            "versions": versions_of((shot.filename for shot in self._main.shots), framework),
            "mechanism": {**self._mechanism, "type": scrub.sweep(scrub.text(str(self._mechanism["type"])))},
            **main,
            "chain": chain,
            "request": request,
            "earlier_requests": earlier,
        }


def _smaller(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What can be done without, the least telling first."""
    yield {"chain": [{**linked, "frames": []} for linked in report["chain"]]}
    yield {"earlier_requests": []}
    if report["request"]:
        yield {"request": {"truncated": True, **{part: report["request"][part] for part in ("method", "path")}}}
    yield {"frames": [{**frame, "context": {}} for frame in report["frames"]]}
    yield {"frames": [{**frame, "context": {}, "locals": {}} for frame in report["frames"]]}


def _members(error: BaseException) -> tuple[BaseException, ...]:
    """Of a group, also of the one that backports them to older Pythons."""
    is_group = "BaseExceptionGroup" in type_bases(type(error))
    inner = getattr(error, "exceptions", ()) if is_group else ()
    return inner if type(inner) is tuple else ()


def _leaves(error: BaseException) -> Iterator[BaseException]:
    waiting = [error]
    for _ in range(2 * _LEAVES):
        if waiting:
            leaf = waiting.pop()
            inner = _members(leaf)[:_LEAVES]
            waiting.extend(reversed(inner))
            if not inner:
                yield leaf


def leaves_of(error: BaseException) -> list[BaseException]:
    """The members of a group that are no groups; otherwise the exception itself."""
    return list(islice(_leaves(error), _LEAVES))


def leaf_of(error: BaseException, tree: Tree | None = None) -> BaseException:
    """The exception itself where something has only wrapped it: a group of one is its one member, and a
    StopIteration that leaves a coroutine (PEP 479) is the cause of the RuntimeError, which has no frames of the
    service when it comes from a thread pool. With the service's tree, a group of several is the first that comes
    from there."""
    leaves = leaves_of(error)
    leaf: BaseException = leaves[0] if len(leaves) == 1 else error
    if tree is not None and len(leaves) > 1:
        leaf = next((one for one in leaves[:20] if _is_own(one, tree)), leaves[0])
    return leaf.__cause__ if type(leaf) is RuntimeError and isinstance(leaf.__cause__, StopIteration) else leaf


def _is_own(error: BaseException, tree: Tree) -> bool:
    steps = islice(traced(error.__traceback__), 1000)
    return any(tree.place(step.tb_frame.f_code.co_filename)[1] for step in steps)


def _linked(error: BaseException, main: BaseException) -> Iterator[tuple[str, BaseException]]:
    """The other exceptions, nearest first: what the main one came from, as Python tells it, then its group and who
    is in it."""
    seen, current = {id(main)}, main
    while True:
        relation, origin = "cause", current.__cause__
        if origin is None and not current.__suppress_context__:
            relation, origin = "context", current.__context__
        if origin is None or id(origin) in seen:
            break
        yield relation, origin
        seen.add(id(origin))
        current = origin
    if len(_members(error)) > 1:
        yield "group", error
        yield from (("member", leaf) for leaf in _leaves(error) if leaf is not main)


def crash_key(error: BaseException) -> object:
    """The same for two occurrences of one crash: type and places of all frames, each place once, so that neither
    the depth of a recursion nor the message makes another crash. Finer than any grouping by the healer, which
    therefore loses none."""
    key = []
    for leaf in islice(_leaves(error), _CHAIN):
        steps = ((step.tb_frame.f_code, step.tb_lasti) for step in traced(leaf.__traceback__))
        places = dict.fromkeys((code.co_filename, code.co_firstlineno, at) for code, at in steps)
        key.append((type_home(type(leaf)), type_name(type(leaf)), *places))
    return tuple(key)


def _message(error: BaseException) -> Any:
    """str(error), but without running a foreign __repr__ of its arguments, and without making a huge text of huge
    ones. A text that stands for itself is Final."""
    try:
        own = next(cls for cls in type_mro(type(error)) if "__str__" in type_dict(cls))
        if own not in (BaseException, KeyError) or not error.args:
            return Final(str(error)[: _MESSAGE + 1])
        only: Any = error.args[0] if len(error.args) == 1 else error.args
        if own is BaseException and issubclass(type(only), str):
            return Final(str.__getitem__(only, slice(0, _MESSAGE + 1)))
        return Budget().take(only)
    except Exception as problem:
        return Final(f"<the exception's own text cannot be made: {type_name(type(problem))}>")


def _text(message: Any, scrub: Scrubber) -> str:
    text = written(message, scrub)
    clean = scrub.text(text[:_MESSAGE])
    return clean[:-_TAIL] if len(text) > _MESSAGE else clean


def message_of(error: BaseException, scrub: Scrubber) -> str:
    return _text(_message(error), scrub)
