"""The middleware in real FastAPI and Starlette applications: it sees crashes, and nobody sees it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import selfheal
from fastapi import FastAPI, HTTPException
from fastapi import Request as FastAPIRequest
from pydantic import BaseModel
from selfheal.hooks.asgi import SelfhealMiddleware
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket
from uvicorn.protocols.utils import ClientDisconnected

from tests.selfheal.sink import Sink


class Boom(Exception):
    pass


class Order(BaseModel):
    sku: str
    quantity: int
    card_number: str = "4111111111111111"


def shop() -> FastAPI:
    app = FastAPI()

    @app.post("/carts", status_code=201)
    async def make_cart() -> dict[str, Any]:
        return {"id": 12, "access_token": "abc-def"}

    @app.post("/carts/{cart_id}/lines")
    def add_line(cart_id: int, order: Order) -> dict[str, int]:
        return {"share": cart_id // order.quantity}

    @app.get("/missing")
    async def missing() -> None:
        raise HTTPException(404)

    @app.get("/caught")
    async def caught() -> dict[str, str | None]:
        try:
            raise Boom("caught by the service")
        except Boom as error:
            return {"report": selfheal.capture_exception(error)}

    return app


def requesting(app: Any, *requests: tuple[str, str, dict[str, Any]]) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            return [await client.request(method, path, **more) for method, path, more in requests]

    return asyncio.run(run())


LINE = {"json": {"sku": "MUG", "quantity": 0}, "headers": {"X-Admin-Token": "sandbox"}}


def test_a_crash_of_a_route_is_reported_with_its_request_and_set_up(reporting: Sink) -> None:
    app = shop()
    app.add_middleware(SelfhealMiddleware)
    answers = requesting(
        app, ("POST", "/carts", {}), ("POST", "/carts/12/lines", {"json": {}}), ("POST", "/carts/12/lines?x=1", LINE)
    )
    assert [answer.status_code for answer in answers] == [201, 422, 500]
    (report,) = reporting.wait(1)
    assert report["exception"]["type"] == "ZeroDivisionError"
    assert (report["framework"], report["entry"], report["release"]) == ("fastapi", "shop.main:app", "c0ffee")
    request = report["request"]
    assert (request["method"], request["path"], request["json"]) == (
        "POST",
        "/carts/12/lines?x=1",
        {"sku": "MUG", "quantity": 0},
    )
    assert request["headers"]["x-admin-token"] == "[redacted]"
    earlier, refused = report["earlier_requests"]
    assert refused["status"] == 422
    assert (earlier["method"], earlier["path"], earlier["status"], earlier["ids"]) == (
        "POST",
        "/carts",
        201,
        {"/id": 12},
    )
    assert "order" in report["frames"][-1]["locals"]
    assert "4111" not in json.dumps(report["frames"][-1]["locals"])


def test_answers_that_are_no_crashes_are_not_reported(reporting: Sink) -> None:
    app = shop()
    app.add_middleware(SelfhealMiddleware)
    assert [a.status_code for a in requesting(app, ("GET", "/missing", {}), ("GET", "/nowhere", {}))] == [404, 404]
    assert selfheal.flush(5)
    assert reporting.requests == []


def test_a_caught_exception_is_reported_with_the_request_it_happened_in(reporting: Sink) -> None:
    app = shop()
    app.add_middleware(SelfhealMiddleware)
    (answer,) = requesting(app, ("GET", "/caught?n=1", {}))
    (report,) = reporting.wait(1)
    assert report["report_id"] == answer.json()["report"]
    assert report["request"]["path"] == "/caught?n=1"


async def crash(request: Request) -> Response:
    raise Boom(request.url.path)


class Passing(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        return response


def stop(request: Request) -> Response:
    return PlainTextResponse(next(name for name in request.path_params if name))


def test_a_stop_iteration_out_of_the_thread_pool_is_told_by_its_place(reporting: Sink) -> None:
    requesting(SelfhealMiddleware(plain(Route("/stop", stop))), ("GET", "/stop", {}))
    (report,) = reporting.wait(1)
    assert report["exception"]["type"] == "StopIteration"
    assert report["frames"][-1]["function"] == "stop"


async def own_500(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"own page: {type(error).__name__}", status_code=500)


def plain(*routes: Any, **more: Any) -> Starlette:
    return Starlette(routes=[Route("/crash", crash, methods=["GET", "POST"]), *routes], **more)


def with_base_middleware() -> Any:
    app = plain()
    app.add_middleware(Passing)  # runs the route in a task group
    app.add_middleware(SelfhealMiddleware)
    return app


def twice() -> Any:
    app = plain()
    app.add_middleware(SelfhealMiddleware)
    return SelfhealMiddleware(app)


def mounted() -> Any:
    inner = plain()
    inner.add_middleware(SelfhealMiddleware)
    return SelfhealMiddleware(Starlette(routes=[Mount("/in", inner), Route("/crash", crash)]))


def with_own_page() -> Any:
    app = plain(exception_handlers={Exception: own_500})
    app.add_middleware(SelfhealMiddleware)
    return app


@pytest.mark.parametrize(
    "make", [with_base_middleware, twice, mounted, with_own_page, lambda: SelfhealMiddleware(plain())]
)
def test_each_way_of_attaching_reports_once(reporting: Sink, make: Callable[[], Any]) -> None:
    (answer,) = requesting(make(), ("GET", "/crash", {}))
    assert answer.status_code == 500
    assert selfheal.flush(5)
    (report,) = reporting.reports
    assert report["exception"]["type"] == "Boom"
    assert report["suppressed"] == 0
    assert report["framework"] == "starlette"


def test_attached_twice_it_remembers_a_request_once(reporting: Sink) -> None:
    app = shop()
    app.add_middleware(SelfhealMiddleware)
    requesting(SelfhealMiddleware(app), ("POST", "/carts", {}), ("POST", "/carts/12/lines", LINE))
    assert selfheal.flush(5)
    assert len(reporting.reports[-1]["earlier_requests"]) == 1


def test_the_answer_of_an_own_error_page_stays(reporting: Sink) -> None:
    (answer,) = requesting(with_own_page(), ("GET", "/crash", {}))
    assert answer.text == "own page: Boom"


def scope_of(kind: str, path: str) -> dict[str, Any]:
    return {
        "type": kind,
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }


async def nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_the_same_exception_object_goes_on(reporting: Sink) -> None:
    mine = Boom("the one")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise mine

    async def send(message: Any) -> None:
        pass

    with pytest.raises(Boom) as raised:
        asyncio.run(SelfhealMiddleware(app)(scope_of("http", "/"), nothing, send))
    assert raised.value is mine
    assert (mine.args, mine.__cause__, mine.__context__) == (("the one",), None, None)


def test_a_cancelled_request_is_no_crash(reporting: Sink) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    async def run() -> None:
        with pytest.raises(asyncio.CancelledError):
            await SelfhealMiddleware(app)(scope_of("http", "/"), nothing, nothing)  # type: ignore[arg-type]

    asyncio.run(run())
    assert selfheal.flush(5)
    assert reporting.requests == []


async def echo(request: Request) -> Response:
    """Streams back what it gets, chunk by chunk, and tells how many chunks came."""
    chunks = [chunk async for chunk in request.stream() if chunk]

    async def again() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return StreamingResponse(again(), headers={"x-chunks": str(len(chunks))})


async def read_and_crash(request: Request) -> Response:
    await request.body()
    raise Boom


async def crash_unread(request: Request) -> Response:
    raise Boom


async def chunks_of(number: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(number):
        yield b"x" * size


def test_streams_pass_chunk_by_chunk_in_both_directions(reporting: Sink) -> None:
    app = SelfhealMiddleware(plain(Route("/echo", echo, methods=["POST"])))
    (answer,) = requesting(app, ("POST", "/echo", {"content": chunks_of(40, 100_000)}))
    assert answer.headers["x-chunks"] == "40"
    assert len(answer.content) == 4_000_000


@pytest.mark.parametrize(
    ("route", "number", "size", "truncated"),
    [(read_and_crash, 3, 10, False), (read_and_crash, 40, 100_000, True), (crash_unread, 3, 10, True)],
)
def test_a_streamed_body_is_in_the_report_within_its_bound(
    reporting: Sink, route: Callable[[Request], Coroutine[Any, Any, Response]], number: int, size: int, truncated: bool
) -> None:
    app = SelfhealMiddleware(plain(Route("/r", route, methods=["POST"])))
    headers = {"content-type": "text/plain"}
    requesting(app, ("POST", "/r", {"content": chunks_of(number, size), "headers": headers}))
    (report,) = reporting.wait(1)
    assert report["request"].get("truncated", False) is truncated
    if not truncated:
        assert report["request"]["body"] == "x" * (number * size)
    assert len(json.dumps(report)) < 400_000


async def late(request: Request) -> Response:
    def fail() -> None:
        raise Boom("after the answer")

    return JSONResponse({"id": 1}, background=BackgroundTask(fail))


def test_a_background_task_that_crashes_is_reported_and_the_answer_stands(reporting: Sink) -> None:
    (answer,) = requesting(SelfhealMiddleware(plain(Route("/late", late))), ("GET", "/late", {}))
    assert (answer.status_code, answer.json()) == (200, {"id": 1})
    assert reporting.wait(1)[0]["exception"]["message"] == "after the answer"


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    text = await socket.receive_text()
    raise Boom(text)


@pytest.mark.parametrize(
    ("last", "reports"),
    [({"type": "websocket.receive", "text": "hi"}, 1), ({"type": "websocket.disconnect", "code": 1001}, 0)],
)
def test_a_websocket_that_crashes_is_reported_and_one_that_is_left_is_not(
    reporting: Sink, last: dict[str, Any], reports: int
) -> None:
    messages = [{"type": "websocket.connect"}, last]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        pass

    app = SelfhealMiddleware(Starlette(routes=[WebSocketRoute("/ws", talk)]))
    scope = {**scope_of("websocket", "/ws"), "subprotocols": []}
    with pytest.raises(Exception):  # noqa: B017 (what it is depends on how the conversation ended)
        asyncio.run(app(scope, receive, send))
    assert selfheal.flush(5)
    assert len(reporting.requests) == reports
    assert [report["request"]["method"] for report in reporting.reports] == ["WEBSOCKET"] * reports


async def starting(message: dict[str, str], app: Any) -> list[Any]:
    """What the server of a lifespan is sent."""
    sent: list[Any] = []

    async def receive() -> Any:
        return message

    async def send(message: Any) -> None:
        sent.append(message)

    await SelfhealMiddleware(app)({"type": "lifespan"}, receive, send)
    return sent


def test_the_lifespan_passes_through(reporting: Sink) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert list(scope) == ["type"]
        await send({"type": "lifespan.startup.complete", "was": await receive()})

    assert asyncio.run(starting({"type": "lifespan.startup"}, app)) == [
        {"type": "lifespan.startup.complete", "was": {"type": "lifespan.startup"}}
    ]


def test_a_crash_of_the_start_up_is_reported(reporting: Sink) -> None:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise Boom("no database")
        yield

    with pytest.raises(Boom):
        asyncio.run(starting({"type": "lifespan.startup"}, plain(lifespan=lifespan)))
    (report,) = reporting.wait(1)
    assert (report["exception"]["message"], report["request"]) == ("no database", None)
    assert report["mechanism"] == {"type": "asgi", "handled": False}


def test_an_application_that_knows_no_lifespan_says_so_and_has_not_crashed(reporting: Sink) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("only http")

    with pytest.raises(ValueError, match="only http"):
        asyncio.run(starting({"type": "lifespan.startup"}, app))
    assert selfheal.flush(5)
    assert reporting.requests == []


class OutsideOfRoutes:
    """A middleware that raises before Starlette's own could make an answer of it."""

    def __init__(self, app: Any, error: Exception) -> None:
        self._error = error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        raise self._error


@pytest.mark.parametrize("error", [HTTPException(403), ClientDisconnect(), ClientDisconnected()])
def test_an_answer_and_a_client_that_left_are_no_crashes(reporting: Sink, error: Exception) -> None:
    app = plain(middleware=[Middleware(SelfhealMiddleware), Middleware(OutsideOfRoutes, error=error)])
    requesting(app, ("GET", "/", {}))
    assert selfheal.flush(5)
    assert reporting.requests == []


def test_odd_messages_reach_server_and_application_as_they_are(reporting: Sink) -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"type": "http.response.start", "status": "many", "headers": 5},
        {"type": "http.response.start", "status": 200, "headers": [(1, 2)]},
        {"type": "http.response.body", "body": "text"},
    ]
    got: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        got.append(await receive())
        for message in odd:
            await send(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": 10**12}

    async def send(message: Any) -> None:
        got.append(message)

    asyncio.run(SelfhealMiddleware(app)({"type": "http", "headers": 5}, receive, send))
    asyncio.run(SelfhealMiddleware(app)(scope_of("http", "/"), receive, send))
    assert got == [{"type": "http.request", "body": 10**12}, *odd] * 2


def test_without_init_the_application_runs_as_if_it_were_not_there(client_off: None) -> None:
    answers = requesting(SelfhealMiddleware(plain()), ("GET", "/crash", {}), ("GET", "/nowhere", {}))
    assert [answer.status_code for answer in answers] == [500, 404]


def test_traffic_can_be_switched_off(sink: Sink, client_off: None) -> None:
    selfheal.init(sink.dsn, traffic=False)
    app = shop()
    app.add_middleware(SelfhealMiddleware)
    requesting(app, ("POST", "/carts", {}), ("POST", "/carts/12/lines", LINE))
    (report,) = sink.wait(1)
    assert report["earlier_requests"] == []
    assert report["request"]["json"]["sku"] == "MUG"


def test_secrets_of_the_traffic_stay_in_the_process(reporting: Sink) -> None:
    app = shop()
    app.add_middleware(SelfhealMiddleware)

    @app.post("/login")
    async def login(request: FastAPIRequest) -> dict[str, Any]:
        await request.body()
        return {"id": 3, "token_number": "planted-1-x"}

    login_body = {"user": "bob", "password": "planted-2-x", "nested": [{"otp": "planted-3-x"}]}
    requesting(
        app,
        (
            "POST",
            "/login?api_key=planted-4-x",
            {"json": login_body, "headers": {"authorization": "Bearer planted-5-x"}},
        ),
        ("POST", "/login", {"data": {"user": "bob", "passwd": "planted-6-x"}}),
        ("POST", "/login", {"files": {"secret": (None, "planted-7-x")}}),
        (
            "POST",
            "/login",
            {"content": gzip.compress(b"password=planted-8-x", mtime=0), "headers": {"content-encoding": "gzip"}},
        ),
        ("GET", "/missing", {"headers": {"cookie": "sid=planted-9-x"}}),
        ("POST", "/carts/12/lines", LINE),
    )
    (report,) = reporting.wait(1)
    assert len(report["earlier_requests"]) == 5
    assert "planted" not in json.dumps(report)


def test_the_healthy_path_costs_little() -> None:
    """Counted in function calls, which do not depend on the machine: about twenty microseconds."""
    import sys

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"id": 1}'})

    async def send(message: Any) -> None:
        pass

    def calls(application: Any) -> int:
        made = 0

        def count(frame: Any, event: str, _: object) -> None:
            nonlocal made
            made += event == "call"

        async def run() -> None:
            scope = scope_of("http", "/carts")
            sys.setprofile(count)
            try:
                await application(scope, nothing, send)
            finally:
                sys.setprofile(None)

        asyncio.run(run())
        return made

    selfheal.init("http://k@127.0.0.1:9/1")
    try:
        assert calls(SelfhealMiddleware(app)) - calls(app) < 40
    finally:
        selfheal.init()


def test_a_crash_is_reported_without_a_request_that_cannot_be_read(reporting: Sink) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise Boom("odd")

    with pytest.raises(Boom):
        asyncio.run(SelfhealMiddleware(app)({"type": "http"}, None, None))  # type: ignore[arg-type]
    assert selfheal.flush(5)
    (report,) = reporting.reports
    assert (report["mechanism"]["type"], report["request"]) == ("asgi", None)
