"""Attempts to flood whoever reads the answer, and to take time for ever."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

_BROKEN_OFF = ("timeout", "killed", "out_of_memory")

OUTPUT = of_category(
    "output",
    Probe(
        "standard-output",
        "printing without end",
        """
until = time.monotonic() + 0.3
while time.monotonic() < until:
    sys.stdout.write("x" * 100_000)
    sys.stderr.write("y" * 100_000)
    os.write(1, b"z" * 100_000)
    os.write(2, b"z" * 100_000)
""",
    ),
    Probe(
        "huge-body",
        "an answer of fifty megabytes",
        'body = b"x" * 50_000_000',
        status=("ok", *_BROKEN_OFF),
        limits={"memory_mb": 400},
    ),
    Probe(
        "huge-headers",
        "thousands of headers, and a few huge ones",
        'headers = [(b"x-%d" % n, b"y" * 1000) for n in range(5000)] + [(b"big", b"z" * 5_000_000)]',
        status=("ok", *_BROKEN_OFF),
        limits={"memory_mb": 400},
    ),
    Probe(
        "huge-exception",
        "an exception with a text of megabytes and a name that is no better",
        'raise type("E" * 1_000_000, (Exception,), {})("x" * 5_000_000)',
        status=("ok", *_BROKEN_OFF),
        limits={"memory_mb": 400},
    ),
    Probe(
        "hostile-exception",
        "an exception whose text, repr and attributes run for ever or raise",
        """
class Hostile(Exception):
    def __str__(self): raise SystemExit(0)
    def __repr__(self):
        while True: pass
    @property
    def __cause__(self): os._exit(0)
local = Hostile()
raise local
""",
        status=("ok", *_BROKEN_OFF, "tampered"),
        limits={"seconds": 0.5},
    ),
    Probe(
        "endless-body",
        "an answer that never stops coming",
        """
async def flood():
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
import inspect
send = inspect.currentframe().f_back.f_locals["send"]
coroutine = flood()
while True:
    try: coroutine.send(None)
    except (StopIteration, RuntimeError): break
""",
        limits={"seconds": 0.5},
        status=("ok", *_BROKEN_OFF),
    ),
    Probe(
        "deep-json",
        "an answer nested so deep that its reader might fall over",
        'headers = [(b"content-type", b"application/json")]\nbody = b"[" * 60_000 + b"]" * 30_000',
        status=("ok", *_BROKEN_OFF),
    ),
    Probe(
        "endless-tests",
        "a test run that prints and fails without end",
        kind="tests",
        files={
            "test_many.py": """
import pytest
@pytest.mark.parametrize("text", [f"{n}" + "x" * 500 for n in range(1500)])
def test_many(text):
    print(text * 20)
    assert False, text * 20
"""
        },
        status=("ok", *_BROKEN_OFF),
        limits={"seconds": 1},
    ),
)

TIME = of_category(
    "time",
    Probe("loop", "a loop without end", "while True: pass", limits={"seconds": 0.4}, status=("timeout",)),
    Probe(
        "expression",
        "a pattern that tries everything, in C, where no other thread gets a turn",
        'import re\nre.match("(a*)*b", "a" * 60)',
        limits={"seconds": 0.4},
        status=("timeout",),
    ),
    Probe(
        "huge-number",
        "one operation of the interpreter that takes for ever",
        "number = 9 ** (9 ** 8)\nstr(number)",
        limits={"seconds": 0.4},
        status=("timeout", "killed", "out_of_memory"),
    ),
    Probe(
        "deaf",
        "every signal it may ignore is ignored and blocked, the limit's own too",
        """
for number in range(1, 65):
    look(signal.signal, number, signal.SIG_IGN)
signal.pthread_sigmask(0, range(1, 65))
while True: pass
""",
        limits={"seconds": 0.4},
        status=("timeout",),
    ),
    Probe(
        "many-at-once",
        "as many busy processes as it gets, so that nobody else has a turn",
        """
for _ in range(20):
    try:
        if os.fork() == 0: break
    except OSError: break
while True: pass
""",
        needs=("processes",),
        limits={"seconds": 0.4},
        status=("timeout",),
        sibling=True,
    ),
)
