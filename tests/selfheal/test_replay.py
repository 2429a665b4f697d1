"""Replays against real applications in a real sandbox: what is answered, what is raised, what went wrong before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.selfheal.running_sandbox import RunningSandbox, get, replay

FASTAPI = """
from contextlib import asynccontextmanager
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from shop.orders import total

@asynccontextmanager
async def lifespan(app):
    app.state.ready = True
    yield {"rate": 3}

app = FastAPI(lifespan=lifespan)

class Unpaid(Exception):
    pass

class Order(BaseModel):
    prices: list[int]

@app.exception_handler(Unpaid)
def unpaid(request, error):
    return JSONResponse({"detail": "unpaid"}, 500)

@app.post("/orders")
def create(order: Order, request: Request):
    return {"total": total(order.prices), "ready": request.app.state.ready, "rate": request.state.rate}

@app.get("/unpaid")
async def get_unpaid():
    raise Unpaid("no money")

@app.get("/deliberate")
async def deliberate():
    raise HTTPException(500, "on purpose")

@app.get("/swallowed")
def swallowed():
    import logging
    try:
        return {}["missing"]
    except KeyError:
        logging.getLogger("shop").exception("it failed")
        return JSONResponse({"detail": "failed"}, 503)

@app.get("/deep")
def deep():
    def down(n):
        return down(n + 1)
    return down(0)

@app.get("/ends")
async def ends():
    raise SystemExit(3)

@app.get("/never")
async def never():
    import asyncio
    await asyncio.sleep(600)

@app.get("/group")
async def group():
    import anyio
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(get_unpaid)
"""
ORDERS = "def total(prices):\n    best = max(prices)\n    return sum(prices) - best\n"
SHOP = {"shop/__init__.py": "", "shop/main.py": FASTAPI, "shop/orders.py": ORDERS}
GOOD = {"method": "POST", "path": "/orders", "json": {"prices": [1, 2]}}
EMPTY = {"method": "POST", "path": "/orders", "json": {"prices": []}}
VALUE_ERROR = {
    "type": "ValueError",
    "module": "builtins",
    "message": "max() arg is an empty sequence",
    "bases": ["ValueError", "Exception", "BaseException", "object"],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


def test_a_crash_is_described_as_a_report_describes_it(sandbox: RunningSandbox) -> None:
    result = replay(sandbox, SHOP, GOOD, EMPTY)
    good, crash = result["exchanges"]
    assert result["problem"] == ""
    assert (good["status"], good["exception"], good["frames"]) == (200, None, [])
    assert good["body"] == '{"total":1,"ready":true,"rate":3}'
    assert good["headers"]["content-type"] == "application/json"
    assert (crash["status"], crash["exception"]) == (500, VALUE_ERROR)
    own = [frame for frame in crash["frames"] if frame["in_app"]]
    assert [(frame["file"], frame["line"], frame["function"]) for frame in own] == [
        ("shop/main.py", 27, "create"),
        ("shop/orders.py", 2, "total"),
    ]
    assert own[-1]["source"] == "best = max(prices)"
    assert own[-1]["context"] == {
        "1": "def total(prices):",
        "2": "    best = max(prices)",
        "3": "    return sum(prices) - best",
    }
    assert own[-1]["locals"] == {"prices": "[]"}
    foreign = [frame for frame in crash["frames"] if not frame["in_app"]]
    assert foreign
    assert all(frame["file"].startswith(("site-packages/", "lib/python")) for frame in foreign)


@pytest.mark.parametrize(
    ("path", "status", "raised", "function"),
    [
        ("/unpaid", 500, "Unpaid", "get_unpaid"),
        ("/swallowed", 503, "KeyError", "swallowed"),
        ("/deep", 500, "RecursionError", "down"),
        ("/group", 500, "Unpaid", "get_unpaid"),
        ("/deliberate", 500, None, None),
        ("/nothing-here", 404, None, None),
    ],
)
def test_what_made_a_500_is_found(
    sandbox: RunningSandbox, path: str, status: int, raised: str | None, function: str | None
) -> None:
    exchange = replay(sandbox, SHOP, get(path))["exchanges"][0]
    assert exchange["status"] == status
    assert (exchange["exception"] or {"type": None})["type"] == raised
    own = [frame["function"] for frame in exchange["frames"] if frame["in_app"]]
    assert own[-1:] == ([function] if function else [])
    assert len(exchange["frames"]) <= 60


@pytest.mark.parametrize(
    ("files", "entry", "requests", "problem"),
    [
        (SHOP, "shop.main:app", [get("/ends"), GOOD], "request 1: SystemExit: 3 (shop/main.py:54)"),
        (SHOP, "shop.main:app", [GOOD, get("/never"), GOOD], "request 2: no whole answer within"),
        (SHOP, "shop.main:nothing", [GOOD], "import: NoApplication: shop.main has no nothing"),
        (SHOP, "shop.missing:app", [GOOD], "import: ModuleNotFoundError: No module named 'shop.missing'"),
        (
            {"app.py": "import sys\nsys.exit('no settings')"},
            "app:app",
            [GOOD],
            "import: SystemExit: no settings (app.py:2)",
        ),
        ({"app.py": "def f(:\n  pass"}, "app:app", [GOOD], "import: SyntaxError: invalid syntax (app.py:1)"),
        (
            {"README": "nothing"},
            None,
            [GOOD],
            "import: NoApplication: no application found; name it as module:attribute",
        ),
        (
            {
                "app.py": "from fastapi import FastAPI\nasync def fail(app):\n  raise KeyError('url')\n  yield\n"
                "app = FastAPI(lifespan=fail)"
            },
            "app:app",
            [GOOD],
            "startup: StartupFailed: KeyError: 'url'",
        ),
        (
            {"app.py": "import asyncio\nasync def app(scope, receive, send):\n  await asyncio.sleep(600)"},
            "app:app",
            [GOOD],
            "startup: StartupFailed: it took longer than",
        ),
        (
            {"app.py": "async def app(scope, receive, send): pass"},
            "app:app",
            [GOOD],
            "request 1: the application returned",
        ),
    ],
)
def test_what_keeps_a_replay_from_its_end_is_told(
    sandbox: RunningSandbox, files: dict[str, str], entry: str | None, requests: list[dict[str, Any]], problem: str
) -> None:
    result = replay(sandbox, files, *requests, entry=entry, limits={"seconds": 3})
    assert result["problem"].startswith(problem)


APP = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\ndef home(): return 'found'\n"


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        ({"app.py": APP}, None),
        ({"main.py": APP}, None),
        ({"src/shop/__init__.py": "", "src/shop/web.py": APP}, None),
        ({"shop/web.py": APP.replace("app", "service"), "tests/app.py": "1 / 0", "setup.py": "1 / 0"}, None),
        ({"shop/web.py": "def create_app():\n    " + APP.replace("\n", "\n    ") + "return app"}, None),
        ({"web.py": "def make():\n    " + APP.replace("\n", "\n    ") + "return app"}, "web:make"),
        (
            {"web.py": "def make(debug):\n    " + APP.replace("\n", "\n    ") + "return app\nclass held: pass"},
            "web:held.app",
        ),
    ],
)
def test_the_application_is_found(sandbox: RunningSandbox, files: dict[str, str], entry: str | None) -> None:
    if entry == "web:held.app":
        files = {"web.py": files["web.py"] + "\nheld.app = make(True)"}
    result = replay(sandbox, files, get("/"), entry=entry)
    assert result["exchanges"][0]["body"] == '"found"', result
