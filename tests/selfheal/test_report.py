"""Reports of real exceptions: frames, places, messages, groups, recursion, secrets and time."""

from __future__ import annotations

import ast
import asyncio
import gc
import importlib.metadata
import importlib.util
import json
import platform
import re
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
import selfheal
from healer.web.reports import parse_report
from hypothesis import given, settings
from hypothesis import strategies as st
from selfheal import frames
from selfheal.exchange import Exchange
from selfheal.frames import Tree
from selfheal.report import Draft, crash_key, leaf_of
from selfheal.settings import read_settings

APP = """
import json


class Item:
    def __init__(self, number, policy):
        self.id = number
        self.policy = policy


def days_of(item):
    policy = item.policy
    return policy["days"]


def open_return(number):
    item = Item(number, None)
    token = "secret-token-1"
    return days_of(item)


def recurse(depth):
    return recurse(depth + 1)


def parse(text):
    return json.loads(text)


def chained():
    try:
        {}["inner"]
    except KeyError as error:
        raise ValueError("outer") from error


def refuse(password):
    raise PermissionError(f"no access with {password}")
"""


def load(folder: Path, name: str, source: str) -> ModuleType:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(f"{folder.name}_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(tmp_path: Path) -> ModuleType:
    return load(tmp_path / "shop", "returns", APP)


def raised(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("it did not crash")


def report_of(error: BaseException, root: Path, exchange: Exchange | None = None) -> dict[str, Any]:
    settings = read_settings({"root": str(root), "release": "c0ffee"}, {})
    draft = Draft(leaf_of(error), exchange, [], settings, Tree(str(root)))
    report = json.loads(draft.write() + b"}")
    assert isinstance(report, dict)
    return report


def test_frames_say_where_what_and_with_which_values(app: ModuleType, tmp_path: Path) -> None:
    report = report_of(raised(lambda: app.open_return(3)), tmp_path)
    *_, outer, inner = report["frames"]
    assert (outer["file"], outer["function"], outer["in_app"]) == ("shop/returns.py", "open_return", True)
    assert outer["locals"] == {"number": "3", "item": "<Item id=3 policy=None>", "token": "[redacted]"}
    assert (inner["line"], inner["source"]) == (13, 'return policy["days"]')
    assert inner["locals"] == {"item": "<Item id=3 policy=None>", "policy": "None"}
    assert list(inner["context"]) == [str(number) for number in range(8, 19)]
    assert inner["context"]["12"] == "    policy = item.policy"
    assert 'token = "[redacted]"' in outer["context"]["18"]
    assert report["exception"] == {
        "type": "TypeError",
        "module": "builtins",
        "message": "'NoneType' object is not subscriptable",
        "bases": ["TypeError", "Exception", "BaseException", "object"],
    }
    assert (report["release"], report["request"], report["earlier_requests"]) == ("c0ffee", None, [])
    own = report["frames"][0]  # this test: outside of the service
    assert (own["in_app"], own["locals"]) == (False, {})


def test_frames_of_libraries_are_short_and_not_the_services(app: ModuleType, tmp_path: Path) -> None:
    files = [frame["file"] for frame in report_of(raised(lambda: app.parse("{")), tmp_path)["frames"]]
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert files[-2:] == [f"lib/python{version}/json/decoder.py", f"lib/python{version}/json/decoder.py"]


@pytest.mark.parametrize(
    ("folder", "in_app"),
    [
        ("shop", True),
        ("src/shop/deep", True),
        ("lib/python3.11/site-packages/requests", False),
        (".venv/lib/python3.11/dist-packages/x", False),
        ("venv/x", False),
    ],
)
def test_what_is_the_services_own_is_decided_by_where_it_lives(tmp_path: Path, folder: str, in_app: bool) -> None:
    module = load(tmp_path / folder, "module", "def crash():\n    return 1 / 0\n")
    frame = report_of(raised(module.crash), tmp_path)["frames"][-1]
    assert frame["in_app"] is in_app
    assert (
        frame["file"] == f"{folder}/module.py"
        if in_app
        else frame["file"].startswith(("site-packages", "dist-packages", "x/"))
    )


def test_the_standard_library_is_never_the_services_even_under_its_root() -> None:
    place, in_app = Tree("/").place(json.__file__)
    assert (place.startswith("lib/python"), in_app) == (True, False)


def test_a_symlinked_release_is_the_same_place(tmp_path: Path) -> None:
    load(tmp_path / "abc123" / "shop", "module", "def crash():\n    return 1 / 0\n")
    (tmp_path / "current").symlink_to("abc123")
    module = load(tmp_path / "current" / "shop", "module", "def crash():\n    return 1 / 0\n")
    assert report_of(raised(module.crash), tmp_path / "abc123")["frames"][-1]["file"] == "shop/module.py"
    assert report_of(raised(module.crash), tmp_path / "current")["frames"][-1]["file"] == "shop/module.py"


def test_deep_recursion_keeps_both_ends(app: ModuleType, tmp_path: Path) -> None:
    frames = report_of(raised(lambda: app.recurse(0)), tmp_path)["frames"]
    assert len(frames) == 60
    assert [frame["locals"].get("depth") for frame in frames[-60:][2:6]] == ["0", "1", "2", "3"]
    assert int(frames[-1]["locals"]["depth"]) > 300


def test_a_chain_is_told_by_its_outermost_exception(app: ModuleType, tmp_path: Path) -> None:
    report = report_of(raised(app.chained), tmp_path)
    assert report["exception"]["type"] == "ValueError"
    assert [frame["function"] for frame in report["frames"]][-1] == "chained"
    assert "raise ValueError" in report["frames"][-1]["source"]
    (cause,) = report["chain"]
    assert (cause["relation"], cause["exception"]["type"], cause["exception"]["message"]) == (
        "cause",
        "KeyError",
        "'inner'",
    )
    assert cause["frames"][-1]["source"] == '{}["inner"]'


def linked(number: int) -> Exception:
    """An exception with so many before it, and the last of them leads back to the first."""
    errors: list[Exception] = [ValueError(f"number {at}") for at in range(number + 1)]
    for at, error in enumerate(errors):
        if at % 2:
            error.__cause__ = errors[(at + 1) % len(errors)]
        else:
            error.__context__ = errors[(at + 1) % len(errors)]
    return errors[0]


def test_a_chain_is_followed_as_python_shows_it(tmp_path: Path) -> None:
    chain = report_of(linked(3), tmp_path)["chain"]
    assert [(part["relation"], part["exception"]["message"]) for part in chain] == [
        ("context", "number 1"),
        ("cause", "number 2"),
        ("context", "number 3"),
    ]
    silent = ValueError("outer")
    silent.__context__, silent.__suppress_context__ = KeyError("inner"), True
    assert report_of(silent, tmp_path)["chain"] == []


def test_what_reported_it_and_what_ran_is_told(app: ModuleType, tmp_path: Path) -> None:
    settings, tree = read_settings({"root": str(tmp_path)}, {}), Tree(str(tmp_path))
    package = load(tmp_path / "site-packages", "attrs", "def call(what):\n    return what()\n")
    draft = Draft(raised(lambda: package.call(app.chained)), None, [], settings, tree, mechanism="job", handled=False)
    report = draft.build()
    assert report["mechanism"] == {"type": "job", "handled": False}
    assert report["versions"] == {"python": platform.python_version(), "attrs": attrs.__version__}


def test_own_patterns_are_hidden_everywhere(app: ModuleType, tmp_path: Path) -> None:
    settings = read_settings(
        {"root": str(tmp_path), "redact": [re.compile("CUST-[0-9]{8}"), re.compile("770000[0-9]")]}, {}
    )
    exchange = Exchange("POST", "/customers/CUST-00000001?of=CUST-00000002", [(b"x-of", b"CUST-00000003")])
    exchange.feed(b'{"of": "CUST-00000004", "number": 7700001, "CUST-00000005": [7700002]}', False)
    exchange.headers.append((b"content-type", b"application/json"))
    item = {"CUST-00000006": 7700003, "at": Decimal(7700004), "text": "x" * 495 + "CUST-00000007" + "y" * 2000}
    error = raised(lambda: app.days_of(item))
    error.args = ("no CUST-00000008",)
    text = json.dumps(Draft(error, exchange, [], settings, Tree(str(tmp_path))).build())
    assert re.findall("CUST|77000", text) == []
    assert text.count("[redacted]") >= 10


def test_a_group_of_one_is_its_one_member(app: ModuleType, tmp_path: Path) -> None:
    async def route() -> None:
        app.open_return(4)

    async def served() -> None:
        async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
            inner.create_task(route())
            assert outer

    report = report_of(raised(lambda: asyncio.run(served())), tmp_path)
    assert report["exception"]["type"] == "TypeError"
    assert report["frames"][-1]["function"] == "days_of"
    assert report["chain"] == []
    both = ExceptionGroup("two", [ValueError(1), TypeError(2)])
    assert leaf_of(both) is both
    assert leaf_of(both, Tree(str(tmp_path))) is both.exceptions[0]


def test_a_group_is_told_by_its_first_member_of_the_service(app: ModuleType, tmp_path: Path) -> None:
    other, own = raised(lambda: json.loads("{")), raised(app.chained)
    group = ExceptionGroup("both", [ExceptionGroup("inner", [other]), own, TypeError("a third")])
    report = report_of(group, tmp_path)
    assert report["exception"]["message"] == "outer"
    linked = [(part["relation"], part["exception"]["type"]) for part in report["chain"]]
    members = [("member", "JSONDecodeError"), ("member", "TypeError")]
    assert linked == [("cause", "KeyError"), ("group", "ExceptionGroup"), *members]
    assert crash_key(group) == crash_key(ExceptionGroup("again", [other, own, TypeError("another")]))
    assert crash_key(group) != crash_key(ExceptionGroup("both", [other, raised(lambda: app.days_of(None))]))


class Huge(Exception):
    def __str__(self) -> str:
        return "x" * 10_000_000


class Broken(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Foreign:
    def __repr__(self) -> str:
        raise AssertionError("foreign code was run")

    __str__ = __repr__


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("plain"), "plain"),
        (ValueError(), ""),
        (KeyError("a"), "'a'"),
        (ValueError("a", 2), "('a', 2)"),
        (ValueError(Foreign()), "<Foreign>"),
        (OSError(2, "No such file", "x.txt"), "[Errno 2] No such file: 'x.txt'"),
        (Broken(), "<the exception's own text cannot be made: RuntimeError>"),
        (ValueError("bad password: hunter2"), "bad password: [redacted]"),
    ],
)
def test_messages(error: Exception, message: str, tmp_path: Path) -> None:
    assert report_of(error, tmp_path)["exception"]["message"] == message


def test_huge_messages_are_cut(tmp_path: Path) -> None:
    assert len(report_of(Huge(), tmp_path)["exception"]["message"]) <= 4000
    assert len(report_of(ValueError("y" * 10_000_000), tmp_path)["exception"]["message"]) <= 4000


def test_a_secret_of_one_place_is_hidden_in_all_others(app: ModuleType, tmp_path: Path) -> None:
    error = raised(lambda: app.refuse("Tr0ub4dor&3"))
    report = report_of(error, tmp_path)
    assert report["exception"]["message"] == "no access with [redacted]"
    exchange = Exchange("POST", "/x", [(b"content-type", b"application/json")])
    exchange.feed(b'{"password": "Zq9-body-secret", "note": "n"}', False)
    message = report_of(raised(lambda: app.days_of({"Zq9-body-secret": 1})), tmp_path, exchange)
    assert "Zq9-body-secret" not in json.dumps(message)


def test_the_same_crash_has_the_same_key_however_deep_and_whatever_it_says(app: ModuleType) -> None:
    def at(depth: int) -> BaseException:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + depth)
        try:
            return raised(lambda: app.recurse(0))
        finally:
            sys.setrecursionlimit(limit)

    def parsed(text: str) -> BaseException:
        return raised(lambda: app.parse(text))

    assert crash_key(at(0)) == crash_key(at(50))
    assert crash_key(parsed("{")) == crash_key(parsed("{ ,"))
    assert crash_key(parsed("{")) != crash_key(raised(lambda: app.open_return(1)))


GIANT = """
class Slow:
    def __repr__(self):
        import time
        time.sleep(30)


def crash():
    giant = "x" * 50_000_000
    numbers = list(range(2_000_000))
    table = {number: [number] * 50 for number in range(20_000)}
    slow = Slow()
    small = {"id": 7}
    return small["missing"]
"""


def cheapest(error: BaseException, root: Path) -> tuple[float, dict[str, Any]]:
    """CPU time of this thread for one capture, so other work on the machine does not count, and the report."""
    settings, tree = read_settings({"root": str(root)}, {}), Tree(str(root))
    spent = []
    for _ in range(5):
        begin = time.thread_time()
        leaf = leaf_of(error)
        crash_key(leaf)
        draft = Draft(leaf, None, [], settings, tree)
        spent.append(time.thread_time() - begin)
    return min(spent), json.loads(draft.write() + b"}")


def test_giant_and_slow_values_cost_little_cpu_time(tmp_path: Path) -> None:
    module = load(tmp_path / "shop", "giant", GIANT)
    spent, report = cheapest(raised(module.crash), tmp_path)
    assert spent < 0.02
    values = report["frames"][-1]["locals"]
    assert values["slow"] == "<Slow>"
    assert values["giant"].endswith("... <50000000 characters>")
    assert ast.literal_eval(values["small"]) == {"id": 7}
    assert len(json.dumps(values)) < 20_000


def deep_group(levels: int) -> BaseException:
    group: Exception = ValueError("the one")
    for _ in range(levels):
        group = ExceptionGroup("level", [group])
    return group


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (lambda app: linked(1000), 10),
        (lambda app: ExceptionGroup("many", [raised(app.chained) for _ in range(2000)]), 10),
        (lambda app: deep_group(5000), 0),
        (lambda app: too_deep(app, 10_000), 0),
    ],
    ids=["causes", "members", "levels", "frames"],
)
def test_long_chains_groups_and_stacks_cost_little_cpu_time(
    make: Callable[[ModuleType], BaseException], size: int, app: ModuleType, tmp_path: Path
) -> None:
    spent, report = cheapest(make(app), tmp_path)
    assert spent < 0.02
    assert len(report["chain"]) == size
    assert len(report["frames"]) <= 60


def too_deep(app: ModuleType, depth: int) -> Exception:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth)
    try:
        return raised(lambda: app.recurse(0))
    finally:
        sys.setrecursionlimit(limit)


def test_arguments_are_shown_whatever_else_a_frame_holds(tmp_path: Path) -> None:
    others = "".join(f"    v{n} = [{n}] * 400\n" for n in range(60))
    body = f"def inner(kept, *rest, named, **more):\n{others}    return lambda: (kept, missing)\n"
    body += f"def outer(first, second):\n{others}    return inner(first, second, named=1, other=2)()\n"
    frames = report_of(raised(lambda: load(tmp_path / "shop", "wide", body).outer("a", {"b": 1})), tmp_path)["frames"]
    outer = frames[-2]["locals"]
    assert (outer["first"], outer["second"], len(outer)) == ("'a'", "{'b': 1}", 30)
    module = load(tmp_path / "shop", "wide2", body.replace("return lambda: (kept, missing)", "return kept + missing"))
    inner = report_of(raised(lambda: module.outer("a", 2)), tmp_path)["frames"][-1]["locals"]
    assert list(inner)[:4] == ["kept", "named", "rest", "more"]
    assert (inner["kept"], inner["rest"], inner["more"]) == ("'a'", "(2,)", "{'other': 2}")


def test_odd_names_and_values_of_a_module_do_not_hurt(tmp_path: Path) -> None:
    source = "import json\nglobals()[7] = 1\nkept = 3\nclass Odd:\n    __class__ = property(lambda self: 1 / 0)\n"
    source += "odd = Odd()\ndef top():\n    exec(compile('1 / 0', __file__, 'exec'), globals())\n"
    frame = report_of(raised(load(tmp_path / "shop", "odd", source).top), tmp_path)["frames"][-1]
    assert (frame["function"], frame["locals"]) == ("<module>", {"kept": "3", "odd": "<Odd>"})


def test_values_of_the_chain_are_shown_whatever_the_main_exception_holds(tmp_path: Path) -> None:
    source = "def cause(kept):\n    return 1 / 0\ndef crash(" + ", ".join(f"v{n}" for n in range(60)) + "):\n"
    source += (
        "    try:\n        cause('small')\n    except ArithmeticError as error:\n        raise KeyError from error\n"
    )
    module = load(tmp_path / "shop", "filled", source)
    report = report_of(raised(lambda: module.crash(*([str(n) * 400] * 9 for n in range(60)))), tmp_path)
    assert report["frames"][-1]["locals"]["v59"] == "<not recorded>"
    assert report["chain"][0]["frames"][-1]["locals"] == {"kept": "'small'"}


text = st.text(st.sampled_from("a \x00é\U0001f600\\'\"\ud800"), min_size=200, max_size=300)


@settings(derandomize=True, max_examples=8, deadline=None)
@given(piece=text, many=st.integers(1, 4), times=st.sampled_from([1, 30, 1500]), binary=st.booleans())
def test_no_report_is_larger_than_the_healer_takes(piece: str, many: int, times: int, binary: bool) -> None:
    body = piece.encode("utf-8", "surrogatepass") * times
    kind = b"application/octet-stream" if binary else b"text/plain"
    exchange = Exchange(
        "get", piece, [(kind * 20, piece.encode("utf-8", "replace") * 3)] * 70 + [(b"content-type", kind)]
    )
    exchange.feed(body, False)
    exchange.status = 200
    names = {f"v{number}": [piece * times] * 25 for number in range(20)}

    def recurse(depth: int, held: Any) -> Any:
        return recurse(depth - 1, held) if depth else 1 / 0

    error = raised(lambda: recurse(100 * many, names))
    error.__context__ = raised(lambda: recurse(100, names))
    error.args = (piece * times,)
    root = str(Path(__file__).parent)
    document = Draft(error, exchange, [exchange] * 40, read_settings({"root": root}, {}), Tree(root)).write()
    assert len(document) < 2**20
    report = parse_report(document + b"}", "shop")
    assert report.exception.type == "ZeroDivisionError"
    assert len(report.chain) == 1


PLANTED = """
class Config:
    def __init__(self):
        self.db_password = "planted-01-x"
        self.stripe_api_key = "planted-02-x"
        self.dsn = "postgres://shop:planted-03-x@db/shop"


def crash(body, headers):
    config = Config()
    settings = {"smtp": {"password": "planted-04-x", "hosts": [{"auth_token": "planted-05-x"}]}}
    url = "https://bob:planted-06-x@example.test/?api_key=planted-07-x"
    pairs = [("authorization", "planted-08-x"), (b"cookie", b"planted-09-x")]
    text = '{"client_secret": "planted-10-x"}'
    SECRET_KEY = "planted-11-x"
    holder = type("Holder", (), {"__repr__": lambda self: "password=planted-12-x"})()
    raise RuntimeError("login failed: password=planted-13-x for token 'planted-14-x'")
"""


def test_no_planted_secret_leaves_the_process(tmp_path: Path) -> None:
    module = load(tmp_path / "shop", "planted", PLANTED)
    exchange = Exchange(
        "POST",
        "/login?token=planted-15-x&next=http%3A%2F%2Fu%3Aplanted-16-x%40h%2F",
        [
            (b"content-type", b"application/json"),
            (b"authorization", b"Bearer planted-17-x"),
            (b"cookie", b"session=planted-18-x; csrftoken=planted-19-x"),
            (b"X-Admin-Token", b"planted-20-x"),
            (b"X-Stripe-Api-Key", b"planted-21-x"),
            (b"referer", b"https://shop.test/?access_token=planted-22-x"),
        ],
    )
    exchange.feed(
        b'{"user": {"Password": "planted-23-x"}, "items": [{"cardNumber": "planted-24-x"}],'
        b' "raw": "{\\"refresh_token\\": \\"planted-25-x\\"}"}',
        False,
    )
    report = report_of(raised(lambda: module.crash(exchange.body(), exchange.headers)), tmp_path, exchange)
    text = json.dumps(report)
    assert re.findall(r"planted-[0-9]+-x", text) == []
    assert report["request"]["headers"]["x-admin-token"] == "[redacted]"
    assert text.count("[redacted]") >= 20


def test_the_client_needs_nothing_but_the_standard_library() -> None:
    script = "import sys, selfheal, selfheal.hooks.asgi; print('starlette' in sys.modules)"
    command = [sys.executable, "-S", "-c", script]  # -S: nothing that is installed can be imported
    environment = {"PYTHONPATH": str(Path(selfheal.__file__).parent.parent)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env=environment)
    assert done.stdout.strip() == "False", done.stderr


def test_what_a_function_has_done_with_is_freed_while_it_goes_on() -> None:
    class Large:
        pass

    def work() -> None:
        large = Large()
        freed.append(weakref.ref(large))
        raise ValueError

    freed: list[weakref.ref[Large]] = []
    try:
        work()
    except ValueError as error:
        report_of(error, Path(__file__).parent)
    gc.collect()
    assert freed[0]() is None


def test_locals_that_the_host_holds_are_not_emptied() -> None:
    number = 7
    held = locals()
    try:
        raise ValueError
    except ValueError as error:
        report_of(error, Path(__file__).parent)
    assert held["number"] == number


def test_a_source_that_cannot_be_read_and_a_package_without_version_cost_no_report(
    app: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> str:
        raise SyntaxError

    monkeypatch.setattr("linecache.getline", unreadable)
    monkeypatch.setattr("importlib.metadata.version", lambda _: None)
    frames._version.cache_clear()
    report = report_of(raised(lambda: app.open_return(3)), tmp_path)
    frames._version.cache_clear()
    assert report["frames"][-1]["source"] == ""
    assert list(report["versions"]) == ["python"]


def test_a_compiled_library_is_not_the_services_own_though_its_file_names_are_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "started.py").touch()
    tree = Tree(str(tmp_path))
    assert tree.place("lib/engine/_compiled.py")[1] is False
    assert tree.place("started.py") == ("started.py", True)
