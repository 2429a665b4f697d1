# ruff: noqa: PTH123 (pathlib is slower and knows no descriptors)
"""Replays recorded requests against the application of a tree and says what each was answered, in a report's terms.

It compares nothing with what was recorded; the healer does.
"""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Iterator, Mapping, Sequence

from selfheal.frames import Tree
from selfheal.report import leaf_of

from .application import load_application, speaks_asgi
from .asgi import AsgiClient
from .crash import describe_crash, one_line
from .messages import Answer, NoAnswer
from .notes import Notes
from .recorded import Session
from .wsgi import WsgiClient


def replay(
    *,
    tree: str,
    entry: str | None,
    requests: Sequence[Mapping[str, object]],
    headers: Mapping[str, str],
    seconds: float,
    extra_memory: int | None = None,
) -> dict[str, object]:
    """{"problem", "exchanges"}: one exchange a request, in order, up to the first that gets no answer.

    The application is imported from sys.path. `headers` stand in for recorded headers that were redacted.
    `extra_memory`: bytes of address space that the last request may use beyond what is mapped when it begins.
    """
    deadline = time.monotonic() + seconds
    own = Tree(tree)
    try:
        app = load_application(tree, entry)
    except BaseException as error:  # SystemExit too: a module that ends the process on import
        return {"problem": f"import: {one_line(error, own)}", "exchanges": []}
    client = AsgiClient(app) if speaks_asgi(app) else WsgiClient(app)
    notes = Notes()
    notes.watch(app)
    try:
        client.begin(max(0.1, deadline - time.monotonic()))
    except BaseException as error:
        return {"problem": f"startup: {one_line(error, own)}", "exchanges": []}
    session = Session(headers)
    exchanges: list[dict[str, object]] = []
    for number, recorded in enumerate(requests, 1):
        request = session.request(recorded)
        notes.clear()
        begun = time.perf_counter()
        try:
            with bounded_memory(extra_memory if number == len(requests) else None):
                answer = client.send(request, max(0.1, deadline - time.monotonic()))
        except NoAnswer as error:
            return {"problem": f"request {number}: {error}", "exchanges": exchanges}
        exchanges.append(_exchange(answer, notes, own, time.perf_counter() - begun))
        if isinstance(answer.exception, (SystemExit, KeyboardInterrupt)):
            return {"problem": f"request {number}: {one_line(answer.exception, own)}", "exchanges": exchanges}
        session.learn(recorded, answer)
    return {"problem": "", "exchanges": exchanges}


def _exchange(answer: Answer, notes: Notes, tree: Tree, seconds: float) -> dict[str, object]:
    error = answer.exception
    if error is None and (answer.status or 0) >= 500:
        error = notes.likeliest()
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    crash = {"exception": None, "frames": []} if error is None else describe_crash(leaf_of(error), tree)
    return {
        "status": answer.status,
        "headers": headers,
        "body": answer.text(),
        **crash,
        "seconds": round(seconds, 4),
    }


@contextlib.contextmanager
def bounded_memory(extra: int | None) -> Iterator[None]:
    """Within: at most `extra` bytes of address space more than now."""
    if extra is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:
        wanted = int(file.read().split()[0]) * resource.getpagesize() + extra
    if before[1] != resource.RLIM_INFINITY:
        wanted = min(wanted, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (wanted, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
