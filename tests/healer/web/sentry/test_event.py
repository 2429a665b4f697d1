"""Events of SDKs as reports. The SDKs' own envelopes are in tests/sentry; here is what they differ in, one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from healer.model import BadInput, Report
from healer.web.sentry.event import NoCrash, document_of, read_event

FRAME = {
    "filename": "app/boats.py",
    "abs_path": "/srv/app/boats.py",
    "function": "sail",
    "module": "app.boats",
    "lineno": 12,
    "pre_context": ["def sail(boat):", "    wind = None"],
    "context_line": "    return wind.speed",
    "post_context": ["", "def moor():"],
    "vars": {"boat": "'Ann'", "wind": "None"},
    "in_app": True,
}
LIBRARY = {
    **FRAME,
    "filename": "flask/app.py",
    "abs_path": "/venv/lib/python3.11/site-packages/flask/app.py",
    "module": "flask.app",
    "in_app": False,
}


def an_exception(kind: str = "ValueError", *frames: dict[str, Any], **mechanism: Any) -> dict[str, Any]:
    return {"type": kind, "value": kind, "mechanism": mechanism, "stacktrace": {"frames": list(frames or (FRAME,))}}


def an_event(*exceptions: Any, **parts: Any) -> dict[str, Any]:
    return {"platform": "python", "exception": {"values": list(exceptions or (an_exception(),))}, **parts}


def read(event: dict[str, Any], event_id: str = "") -> Report:
    return read_event(json.dumps(event).encode(), "shop", event_id)


def locals_of(value: Any, platform: str = "python") -> str:
    frame = {**FRAME, "vars": {"x": value}}
    return read(an_event(an_exception("E", frame), platform=platform)).frames[0].locals["x"]


def test_an_event_is_a_report():
    error = {
        "type": "AttributeError",
        "value": "no speed",
        "module": None,
        "mechanism": {"type": "flask", "handled": False},
        "stacktrace": {"frames": [LIBRARY, FRAME]},
    }
    report = read(
        an_event(
            error,
            event_id="a" * 32,
            release="boats@1.2.0+4BE1C8F",
            sdk={"name": "sentry.python.flask", "version": "2.75.0"},
            modules={"Flask": "3.1.3", "requests": "2.0", "app": ""},
            contexts={"runtime": {"name": "CPython", "version": "3.11.7"}},
            breadcrumbs={"values": [{"message": "hush"}]},
            user={"email": "ann@example.org"},
            server_name="host-7",
        )
    )
    assert (report.report_id, report.service, report.release) == ("a" * 32, "shop", "4be1c8f")
    assert (report.exception.type, report.exception.message) == ("AttributeError", "no speed")
    assert report.exception.bases[:2] == ("AttributeError", "Exception")
    assert report.approximate
    assert (report.platform, report.client, report.framework) == ("python", "sentry.python.flask/2.75.0", "flask")
    assert (report.mechanism, report.handled) == ("flask", False)
    assert report.versions == {"python": "3.11.7", "Flask": "3.1.3"}
    library, own = report.frames
    assert (own.file, own.path, own.line, own.function) == ("app/boats.py", "/srv/app/boats.py", 12, "sail")
    assert (own.in_app, own.source) == (True, "return wind.speed")
    assert own.context == {
        10: "def sail(boat):",
        11: "    wind = None",
        12: "    return wind.speed",
        13: "",
        14: "def moor():",
    }
    assert own.locals == {"boat": "'Ann'", "wind": "None"}
    assert not library.in_app
    assert (library.source, library.context, library.locals) == ("return wind.speed", {}, {})
    assert not {"hush", "ann@example.org", "host-7"} & set(str(report).split("'"))


def test_the_envelopes_id_wins():
    assert read(an_event(event_id="a" * 32), "b" * 32).report_id == "b" * 32
    assert len(read(an_event(event_id="not an id")).report_id) == 32


@pytest.mark.parametrize("event", [{}, {"message": "hello"}, {"exception": {"values": []}}, {"exception": [None, {}]}])
def test_an_event_without_an_exception_is_no_crash(event):
    with pytest.raises(NoCrash):
        read(event)


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"\xff", b"[" * 50_000])
def test_what_is_no_event_is_refused(body):
    with pytest.raises(BadInput, match="the event") as refused:
        read_event(body, "shop")
    assert not isinstance(refused.value, NoCrash)


def test_text_that_is_not_utf_8_is_taken_as_far_as_it_is():
    body = json.dumps(an_event(an_exception("E"))).encode().replace(b"Ann", b"\xc4nn")
    assert read_event(body, "shop").frames[0].locals["boat"] == "'\ufffdnn'"


@pytest.mark.parametrize("shape", [lambda one: [one], lambda one: one, lambda one: {"values": [None, one]}])
def test_exceptions_come_in_several_shapes(shape):
    assert read({**an_event(), "exception": shape(an_exception("KeyError"))}).exception.type == "KeyError"


VALUES: dict[str, tuple[Any, str]] = {
    "a repr": ("'it''s'", "'it''s'"),
    "an object": ("<Boat Ann>", "<Boat Ann>"),
    "a list": (["'a'", "1", "None"], "['a', 1, None]"),
    "a dict": ({"a": "1", "it's": ["'b'"]}, "{'a': 1, \"it's\": ['b']}"),
    "empty ones": ({"a": [], "b": {}}, "{'a': [], 'b': {}}"),
    "filtered": ("[Filtered]", "[redacted]"),
    "filtered within": ({"password": "[Filtered]"}, "{'password': [redacted]}"),
    "no text": ([1, 2.5, None, True], "[1, 2.5, None, True]"),
    "a cut text": ("'aaaaaaa...", "'aaaaaaa…"),
    "cut within": (["'a...", "1"], "['a…, 1]"),
    "left out": ("", "…"),
    "dots in a text": ("'and so on...'", "'and so on...'"),
    "a list that may go on": (["1"] * 10, "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, …]"),
    "a list that is whole": (["1"] * 9, "[1, 1, 1, 1, 1, 1, 1, 1, 1]"),
    "a key that may be a number": ({"1": "'a'"}, "{'1': 'a', …}"),
    "a key that may be nothing": ({"None": "'a'"}, "{'None': 'a', …}"),
    "a key that may be a pair": ({"(1, 2)": "'a'"}, "{'(1, 2)': 'a', …}"),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_put_together_as_python_shows_it(name):
    given, shown = VALUES[name]
    assert locals_of(given) == shown


def test_a_value_that_is_nested_too_deeply_is_cut():
    value: Any = "1"
    for _ in range(300):
        value = [value]
    assert locals_of(value) == "[" * 20 + "…" + "]" * 20


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Ann", '"Ann"'),
        (None, "null"),
        ({"a": [1, "x"]}, '{"a": [1, "x"]}'),
        ("<Object>", "<Object>"),
        ("[Filtered]", "[redacted]"),
    ],
)
def test_values_of_other_languages_are_shown_as_json(given, shown):
    assert locals_of(given, "node") == shown


def test_an_installed_service_keeps_its_values():
    """Its SDK takes no frame for the service's own; where the files are is found out later."""
    report = read(an_event(an_exception("E", LIBRARY, {**FRAME, "in_app": False})))
    assert [bool(frame.locals and frame.context) for frame in report.frames] == [True, True]


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("/srv/app/boats.py", True),
        ("/srv/venv/lib/python3.11/site-packages/flask/app.py", False),
        ("/usr/lib/python3.11/json/decoder.py", False),
        ("<frozen importlib>", False),
        ("/srv/app/node_modules/express/index.js", False),
        ("node:internal/process/task_queues", False),
        ("/usr/local/go/src/net/http/server.go", False),
        ("/go/src/app/main.go", True),
    ],
)
def test_whose_a_frame_is_when_nobody_says(path, own):
    assert read(an_event(an_exception("E", {"abs_path": path}))).frames[0].in_app is own


def test_a_frame_of_which_nothing_is_said_is_not_the_services_where_others_are():
    """As the SDK for Go has it."""
    silent = {"abs_path": "/opt/go/src/net/http/server.go", "function": "serve"}
    report = read(an_event(an_exception("E", silent, FRAME), platform="go"))
    assert [frame.in_app for frame in report.frames] == [False, True]


@pytest.mark.parametrize(
    ("module", "kind", "bases"),
    [
        (None, "KeyError", ("KeyError", "LookupError", "Exception", "BaseException", "object")),
        ("json.decoder", "JSONDecodeError", ("JSONDecodeError", "ValueError", "Exception", "BaseException", "object")),
        ("app.errors", "KeyError", ()),
        (None, "print", ()),
        ("os", "system", ()),
    ],
)
def test_only_of_pythons_own_exceptions_the_bases_are_known(module, kind, bases):
    report = read(an_event({**an_exception(kind), "module": module}))
    assert report.exception.bases == bases
    assert read(an_event({**an_exception(kind), "module": module}, platform="node")).exception.bases == ()


def told(report: Report) -> list[tuple[str, str]]:
    return [(one.relation, one.exception.type) for one in report.chain]


def test_the_last_of_a_chain_is_the_crash_and_its_line_says_what_the_other_is():
    raises = {**FRAME, "context_line": "    raise Lost(boat) from error"}
    chain = [an_exception("OSError"), an_exception("KeyError"), an_exception("Lost", raises)]
    report = read(an_event(*chain))
    assert report.exception.type == "Lost"
    assert told(report) == [("cause", "KeyError"), ("context", "OSError")]
    assert report.chain[0].frames[0].function == "sail"


def test_a_stop_iteration_that_left_a_coroutine_is_the_crash_itself():
    wrapped = {**an_exception("RuntimeError", LIBRARY, type="starlette"), "value": "coroutine raised StopIteration"}
    report = read(an_event(an_exception("StopIteration"), wrapped))
    assert (report.exception.type, report.mechanism, told(report)) == ("StopIteration", "starlette", [])
    assert read(an_event(wrapped)).exception.type == "RuntimeError"


def test_newer_sdks_say_what_an_exception_is_to_another():
    chain = [
        an_exception("A", source="cause", exception_id=2, parent_id=1),
        an_exception("B", source="__context__", exception_id=1, parent_id=0),
        an_exception("C", exception_id=0),
    ]
    for sent in (chain, chain[::-1]):
        report = read(an_event(*sent))
        assert (report.exception.type, told(report)) == ("C", [("context", "B"), ("cause", "A")])


def test_of_a_group_the_first_member_with_own_frames_is_the_crash():
    group = an_exception("ExceptionGroup", exception_id=0, is_exception_group=True, type="starlette", handled=False)
    inner = an_exception("ExceptionGroup", exception_id=2, parent_id=0, source="exceptions[1]", is_exception_group=True)
    foreign = an_exception("A", LIBRARY, exception_id=1, parent_id=0, source="exceptions[0]", type="chained")
    own = an_exception("B", exception_id=3, parent_id=2, source="exceptions[0]", type="chained")
    cause = an_exception("Z", exception_id=4, parent_id=0, source="__cause__")
    last = an_exception("C", exception_id=5, parent_id=2, source="exceptions[1]")
    report = read(an_event(last, cause, own, inner, foreign, group))
    assert (report.exception.type, report.mechanism) == ("B", "starlette")
    assert told(report) == [
        ("cause", "Z"),
        ("group", "ExceptionGroup"),
        ("member", "A"),
        ("group", "ExceptionGroup"),
        ("member", "C"),
    ]
    assert read(an_event(last, inner, foreign, group)).exception.type == "C"
    assert read(an_event(foreign, group)).exception.type == "A"
    assert read(an_event(group)).exception.type == "ExceptionGroup"


def test_members_that_contain_each_other_come_to_an_end():
    one = an_exception("A", exception_id=1, parent_id=2, source="exceptions[0]", is_exception_group=True)
    two = an_exception("B", exception_id=2, parent_id=1, source="exceptions[0]", is_exception_group=True)
    assert told(read(an_event(one, two)))


def test_frames_stand_in_other_places_too():
    bare = {"type": "E", "value": "x"}
    stack = {"frames": [FRAME]}
    threads = {"values": [{"stacktrace": {"frames": [LIBRARY]}}, {"crashed": True, "stacktrace": stack}]}
    for event in (
        an_event(bare, threads=threads),
        an_event(bare, stacktrace=stack),
        an_event(an_exception("Inner"), bare),
    ):
        assert [frame.function for frame in read(event).frames] == ["sail"]
        assert read(event).frames[0].in_app


@pytest.mark.parametrize(
    ("given", "platform"),
    [
        ({"platform": "python"}, "python"),
        ({"platform": "javascript"}, "node"),
        ({"platform": "node"}, "node"),
        ({"platform": "go"}, "go"),
        ({"platform": "Ruby"}, "ruby"),
        ({"platform": "x" * 31}, "other"),
        ({"platform": "../etc"}, "other"),
        ({"platform": 7, "sdk": {"name": "sentry.python.flask"}}, "7"),
        ({"platform": None, "sdk": {"name": "sentry.python.flask"}}, "python"),
        ({"platform": None}, "other"),
    ],
)
def test_the_platform_is_a_word(given, platform):
    assert read({**an_event(), **given}).platform == platform


@pytest.mark.parametrize(
    ("release", "commit"),
    [
        ("4be1c8f2d0", "4be1c8f2d0"),
        ("boats@4be1c8f", "4be1c8f"),
        ("boats@1.2.0+4be1c8f", "4be1c8f"),
        ("a" * 64, "a" * 64),
        ("a" * 65, None),
        ("boats@1.2.0", None),
        ("4be1c8", None),
        ("../../4be1c8f", None),
        (None, None),
        (["4be1c8f"], None),
    ],
)
def test_only_a_commit_is_a_release(release, commit):
    assert read(an_event(release=release)).release == commit


@pytest.mark.parametrize(
    ("platform", "mechanism", "level", "handled"),
    [
        ("python", {"handled": True}, "error", True),
        ("python", {"handled": False}, "error", False),
        ("python", {}, "error", False),
        ("node", {"handled": False}, "error", False),
        ("go", {}, "error", True),
        ("go", {}, "fatal", False),
        ("go", {"handled": "yes"}, "fatal", False),
    ],
)
def test_whether_the_service_went_on(platform, mechanism, level, handled):
    event = an_event(an_exception("E", **mechanism), platform=platform, level=level)
    assert read(event).handled is handled


def test_what_is_longer_than_a_report_takes_is_cut():
    frame = {
        **FRAME,
        "function": "f" * 3000,
        "vars": {f"name{number}" * 200: "'x'" for number in range(250)},
        "pre_context": ["line"] * 90,
        "lineno": 10**9,
        "filename": "x" * 4000,
    }
    many = [an_exception("E" * 2000, *frame, *[LIBRARY] * frames) for frames in (*[110] * 11, 510)]
    huge = {"x" * 5000: "1"}
    report = read(
        an_event(
            *many,
            sdk={"name": "s" * 3000, "version": "v" * 3000},
            modules={f"app.boats{number}": "1" for number in range(500)} | huge,
            contexts={"runtime": {"version": "3" * 5000}},
            request={
                "method": "GET",
                "url": "/" + "a" * 200_000,
                "headers": {f"h{number}": "v" for number in range(500)} | huge,
                "cookies": {"a": "1"},
            },
        )
    )
    assert (len(report.frames), len(report.chain), len(report.chain[0].frames)) == (500, 10, 100)
    assert report.request is not None
    assert (len(report.request.path), len(report.request.headers)) == (100_000, 151)


def test_a_document_needs_no_more_than_an_exception():
    assert document_of({"exception": {"values": [{"type": "E"}]}})["exception"]["type"] == "E"
