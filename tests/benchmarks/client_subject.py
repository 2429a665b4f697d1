"""One service under measurement, driven by tests/benchmarks/client.py: plain, with our client, or with sentry-sdk.

It runs in an environment of its own, where nothing of this project but the client is installed. It reads one order a
line, carries it out in-process, without a network, and answers one line of JSON. It judges nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import sys
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel

BUGS = 2000  # distinct crashes: one function each
SECRETS = {
    "a local named password": "pw-Xk29fJq7Lm",
    "a local named db_password": "dbp-Qz81vWn3Tr",
    "a local named stripe_api_key": "sk_test_9aVb27Gh41KdPq63",
    "a nested dict": "tok-Ee52cYu8Ns",
    "an address of a database": "urlpw-Hd47sBx6Mc",
    "the repr of a model": "model-Rt63gZa1Vp",
    "the authorization header": "bearer-Uw74hCb2Wq",
    "a header of its own": "hdr-Ys85jDc3Xr",
    "a cookie": "cookie-Zv96kEd4Ys",
    "the body": "body-Aw17mFe5Zt",
    "a nested body": "nested-Bx28nGf6Au",
    "the query string": "query-Cy39pHg7Bv",
    "the message of the exception": "msg-Dz41qJh8Cw",
}


class Account(BaseModel):
    name: str
    password: str


class Slow:
    def __repr__(self) -> str:
        time.sleep(0.3)
        return "slow"


LARGE = {"text": "x" * 50_000_000, "list": list(range(2_000_000)), "slow": Slow()}


def bugs(folder: str) -> Any:
    """A module with many functions that crash, each at a place of its own, as deep as crashes of services are."""
    lines = ["def total(lines, rate):", "    return sum(line['price'] * line['quantity'] for line in lines) * rate", ""]
    for number in range(BUGS):
        lines += [
            f"def price_{number}(order, rate=1.19):",
            "    lines = order['lines']",
            "    customer = {'name': 'Ada', 'orders': [1, 2, 3], 'address': {'city': 'Graz', 'zip': '8010'}}",
            "    return total(lines, rate)",
            f"def checkout_{number}(order):",
            "    attempt, kind = 1, 'card'",
            f"    return price_{number}(order)",
            "",
        ]
    path = Path(folder, "shop_bugs.py")
    path.write_text("\n".join(lines))
    spec = importlib.util.spec_from_file_location("shop_bugs", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["shop_bugs"] = module
    spec.loader.exec_module(module)
    return module


def sign_in(
    password: str,
    db_password: str,
    stripe_api_key: str,
    settings: dict[str, Any],
    database_url: str,
    account: Account,
    body: dict[str, Any],
) -> None:
    raise RuntimeError(f"no login for {account.name}: password={SECRETS['the message of the exception']}")


def application(module: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/products/{number}")
    async def product(number: int) -> dict[str, Any]:
        return {"id": number, "name": "Mug", "price": 1290}

    @app.post("/checkout/{number}")
    async def checkout(number: int, request: Request) -> Any:
        order = await request.json()
        return getattr(module, f"checkout_{number}")(order)

    @app.post("/secrets")
    async def secrets(request: Request) -> None:
        sign_in(
            SECRETS["a local named password"],
            SECRETS["a local named db_password"],
            SECRETS["a local named stripe_api_key"],
            {"billing": {"provider": {"api_token": SECRETS["a nested dict"]}}},
            f"postgresql://shop:{SECRETS['an address of a database']}@db.internal:5432/shop",
            Account(name="Ada", password=SECRETS["the repr of a model"]),
            await request.json(),
        )

    @app.post("/large/{kind}")
    async def large(kind: str) -> None:
        value = LARGE[kind]
        raise ValueError(f"{kind} of type {type(value).__name__}")

    return app


async def ask(app: Any, method: str, target: str, body: Any = None, headers: dict[str, str] | None = None) -> int:
    """Nanoseconds that the application took."""
    path, _, query = target.partition("?")
    sent = json.dumps(body).encode() if body is not None else b""
    given = {"host": "shop", "user-agent": "bench", "accept": "*/*", "content-type": "application/json"}
    given["content-length"] = str(len(sent))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in {**given, **(headers or {})}.items()],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(_: Any) -> None:
        pass

    started = time.perf_counter_ns()
    with contextlib.suppress(KeyError, ValueError, RuntimeError):  # they come out to the server
        await app(scope, receive, send)
    return time.perf_counter_ns() - started


class Subject:
    def __init__(self, app: Any) -> None:
        self._app = app
        self._next = 0

    async def healthy(self, number: int) -> list[int]:
        return [await ask(self._app, "GET", f"/products/{one % 50}") for one in range(number)]

    async def failing(self, number: int) -> list[int]:
        """Each a crash that was not there before, with a moment between them, as the slowest reporter needs it."""
        taken = []
        for _ in range(number):
            taken.append(await self._crash(self._next))
            self._next = (self._next + 1) % BUGS
            await asyncio.sleep(0.01)
        return taken

    async def burst(self, bugs: int, times: int) -> list[int]:
        return [await self._crash(number) for _ in range(times) for number in range(bugs)]

    async def _crash(self, number: int) -> int:
        order = {"lines": [{"sku": "MUG-1", "quantity": 2}], "note": "leave at the door"}
        return await ask(self._app, "POST", f"/checkout/{number}", order)

    async def secrets(self) -> list[int]:
        body = {"user": "ada", "password": SECRETS["the body"], "pay": {"card": {"secret": SECRETS["a nested body"]}}}
        headers = {
            "authorization": f"Bearer {SECRETS['the authorization header']}",
            "x-internal-token": SECRETS["a header of its own"],
            "cookie": f"session={SECRETS['a cookie']}",
        }
        return [await ask(self._app, "POST", f"/secrets?page=2&token={SECRETS['the query string']}", body, headers)]

    async def large(self, kind: str) -> list[int]:
        """The longest time between two turns of the loop, until a second after the crash."""
        gaps: list[int] = []
        crash = asyncio.create_task(ask(self._app, "POST", f"/large/{kind}", {}))
        end = time.monotonic() + 1.0
        before = time.perf_counter_ns()
        while time.monotonic() < end or not crash.done():
            await asyncio.sleep(0.001)
            now = time.perf_counter_ns()
            gaps.append(now - before - 1_000_000)
            before = now
        return [max(gaps)]


def main() -> None:
    kind, dsn, folder = sys.argv[1:]
    sys.path.insert(0, folder)
    app = application(bugs(folder))
    flush: Any = lambda _: True  # noqa: E731
    if kind == "ours":
        import selfheal
        from selfheal.hooks.asgi import SelfhealMiddleware

        selfheal.init(dsn, root=folder)
        app.add_middleware(SelfhealMiddleware)
        flush = selfheal.flush
    elif kind == "sentry":
        import sentry_sdk  # type: ignore[import-not-found, unused-ignore]

        sentry_sdk.init(dsn)
        flush = sentry_sdk.flush
    subject = Subject(app)
    loop = asyncio.new_event_loop()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        order, *arguments = json.loads(line)
        if order == "flush":
            flush(*arguments)
            answer: Any = []
        else:
            answer = loop.run_until_complete(getattr(subject, order)(*arguments))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
