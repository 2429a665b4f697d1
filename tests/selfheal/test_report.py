"""Reports of real exceptions: frames, places, messages, groups, recursion, secrets and time."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import selfheal
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


def raised(call: Callable[[], object]) -> BaseException:
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
    both = ExceptionGroup("two", [ValueError(1), TypeError(2)])
    assert leaf_of(both) is both


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


def test_giant_and_slow_values_cost_little_cpu_time(tmp_path: Path) -> None:
    module = load(tmp_path / "shop", "giant", GIANT)
    error = raised(module.crash)
    settings = read_settings({"root": str(tmp_path)}, {})
    tree = Tree(str(tmp_path))
    spent = []
    for _ in range(5):
        begin = time.thread_time()
        draft = Draft(error, None, [], settings, tree)
        spent.append(time.thread_time() - begin)
    assert min(spent) < 0.02  # CPU time of this thread, so other work on the machine does not count
    values = draft.build()["frames"][-1]["locals"]
    assert values["slow"] == "<Slow>"
    assert values["giant"].endswith("... <50000000 characters>")
    assert ast.literal_eval(values["small"]) == {"id": 7}
    assert len(json.dumps(values)) < 20_000


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
