"""Whatever is sent in Sentry's protocol, there is an answer that is no 5xx, and memory stays as it was.

HEALER_TEST_SEEDS says how many requests there are (make test: 2,000; the whole proof: 100,000); -s shows the figures.
"""

from __future__ import annotations

import gc
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

from healer.web.sentry.event import NoCrash, read_event
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.healer.web.sentry.entrance import Entrance
from tests.healer.web.sentry.mutations import mutated, seeds

REQUESTS = int(os.environ.get("HEALER_TEST_SEEDS", "2000"))
TOGETHER = 50
ANSWERS = (200, 400, 403, 404, 413, 429)
MOST_GROWTH = 64 * 2**20  # bytes, whatever their number: what the allocator keeps of fifty large ones at once


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_no_mutated_envelope_is_too_much(tmp_path):
    entrance = Entrance(tmp_path)
    known, answers, started = seeds(), Counter[int](), resident()
    assert len(known) > 5
    try:
        for first in range(0, REQUESTS, TOGETHER):
            if first == 10 * TOGETHER:  # what is loaded once is loaded
                started = resident()
            some = range(first, min(first + TOGETHER, REQUESTS))
            sent = [mutated(random.Random(number), known[number % len(known)]) for number in some]
            told = entrance.post_together((one.path, one.raw, one.headers) for one in sent)
            for number, answer in zip(some, told, strict=True):
                assert answer.status in ANSWERS, f"request {number}: {answer.failed} {answer.body[:300]!r}"
                answers[answer.status] += 1
        assert resident() - started < MOST_GROWTH
        assert answers[200] > REQUESTS / 5, answers
        assert answers[400] > REQUESTS / 20, answers
        for one in entrance.get("/api/v1/incidents").json["incidents"]:
            assert entrance.get(f"/api/v1/incidents/{one['id']}").status == 200
        print(dict(answers), f"{(resident() - started) / 2**20:.1f} MiB more")
    finally:
        entrance.close()


WORD = st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORD | st.sampled_from(["[Filtered]", "..."]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORD, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


def known_parts(**parts: Any) -> Any:
    """An object with some of these, each as it should be or anything else."""
    return JSON | st.fixed_dictionaries({}, optional={name: part | JSON for name, part in parts.items()})


FRAMES = st.lists(
    known_parts(
        filename=WORD, abs_path=WORD, function=WORD, module=WORD, lineno=st.integers(), in_app=st.booleans(),
        pre_context=st.lists(WORD, max_size=3), context_line=WORD, post_context=st.lists(WORD, max_size=3),
        vars=st.dictionaries(WORD, JSON, max_size=3),
    ),
    max_size=3,
)  # fmt: skip
MECHANISM = known_parts(
    type=WORD, handled=st.booleans(), is_exception_group=st.booleans(),
    exception_id=st.integers(0, 3), parent_id=st.integers(0, 3),
    source=st.sampled_from(["__cause__", "__context__", "exceptions[0]", "errors[1]"]),
)  # fmt: skip
STACK = known_parts(frames=FRAMES)
EXCEPTION = st.fixed_dictionaries(
    {"type": st.text(min_size=1, max_size=10)},
    optional={"value": WORD | JSON, "module": WORD | JSON, "mechanism": MECHANISM, "stacktrace": STACK},
)
EXCEPTIONS = st.lists(EXCEPTION | JSON, min_size=1, max_size=4)
REQUEST = known_parts(
    method=st.sampled_from(["GET", "post", "Ü"]), url=WORD, query_string=WORD, data=JSON,
    headers=st.dictionaries(st.sampled_from(["content-type", "Content-Length", "cookie"]), WORD),
    cookies=st.dictionaries(WORD, WORD, max_size=2),
)  # fmt: skip
EVENTS = st.fixed_dictionaries(
    {"exception": st.fixed_dictionaries({"values": EXCEPTIONS}) | EXCEPTIONS | EXCEPTION},
    optional={
        "event_id": WORD | JSON, "platform": st.sampled_from(["python", "node", "go"]) | JSON, "release": WORD | JSON,
        "request": REQUEST, "modules": st.dictionaries(WORD, WORD, max_size=3) | JSON, "level": WORD | JSON,
        "contexts": known_parts(runtime=known_parts(name=WORD, version=WORD)),
        "sdk": known_parts(name=WORD, version=WORD),
        "threads": known_parts(values=st.lists(known_parts(crashed=st.booleans(), stacktrace=STACK), max_size=2)),
        "stacktrace": STACK, "_meta": known_parts(request=known_parts(data=JSON)),
    },
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_any_event_with_an_exception_is_a_report_and_any_other_is_dropped(event):
    try:
        report = read_event(json.dumps(event).encode(), "shop", "")
    except NoCrash:
        return
    assert report.approximate
    assert report.exception.type
