"""The middleware around WSGI applications: it sees crashes, and neither server nor application sees it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
import selfheal
from selfheal.hooks.wsgi import SelfhealMiddleware

from tests.selfheal.sink import Sink

JSON = [("Content-Type", "application/json")]


class Boom(Exception):
    pass


def asked(method: str = "GET", path: str = "/", body: bytes = b"", **more: Any) -> dict[str, Any]:
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "shop.test",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "CONTENT_TYPE": "text/plain",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
        **more,
    }


class Server:
    """Does what PEP 3333 asks of a server, and keeps what it saw."""

    def __init__(self) -> None:
        self.started: list[tuple[Any, ...]] = []
        self.chunks: list[bytes] = []
        self.answer: Any = None

    def start(self, status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        self.started.append((status, exc_info))
        return self.chunks.append

    def serve(self, app: Any, environ: dict[str, Any]) -> bytes:
        self.answer = app(environ, self.start)
        try:
            for chunk in self.answer:
                self.chunks.append(chunk)
        finally:
            if hasattr(self.answer, "close"):
                self.answer.close()
        return b"".join(self.chunks)


def reports(sink: Sink) -> list[dict[str, Any]]:
    assert selfheal.flush(5)
    return sink.reports


def test_a_crash_is_reported_with_its_request_and_goes_on(reporting: Sink) -> None:
    mine = Boom("the one")

    def app(environ: Any, start: Any) -> Iterable[bytes]:
        environ["wsgi.input"].read(5)
        raise mine

    with pytest.raises(Boom) as raised:
        SelfhealMiddleware(app)(
            asked("POST", "/caf\xc3\xa9/1?q=a%20b", b"order", HTTP_X_HTTP_SHOP="north"), Server().start
        )
    assert raised.value is mine
    (report,) = reports(reporting)
    assert report["mechanism"] == {"type": "wsgi", "handled": False}
    assert report["request"] == {
        "method": "POST",
        "path": "/caf%C3%A9/1?q=a%20b",
        "headers": {"content-type": "text/plain", "x-http-shop": "north"},
        "body": "order",
    }
    assert [frame["function"] for frame in report["frames"]][-1] == "app"
    assert not any("hooks/" in frame["file"] for frame in report["frames"][1:])


class Stream:
    """An answer that crashes on its way, or when it is closed."""

    def __init__(self, *chunks: bytes, crash: str = "") -> None:
        self._chunks = chunks
        self._crash = crash
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        if self._crash == "on its way":
            raise Boom("on its way")

    def close(self) -> None:
        self.closed += 1
        if self._crash == "when closed":
            raise Boom("when closed")


def answering(answer: Any, status: str = "200 OK", headers: Any = JSON) -> Any:
    def app(environ: Any, start: Any) -> Any:
        start(status, headers)
        return answer

    return app


@pytest.mark.parametrize("crash", ["on its way", "when closed"])
def test_a_crash_of_the_streamed_answer_is_reported_and_the_stream_is_closed_once(reporting: Sink, crash: str) -> None:
    stream, server = Stream(b"a", b"b", crash=crash), Server()
    with pytest.raises(Boom, match=crash):
        server.serve(SelfhealMiddleware(answering(stream)), asked(path="/export"))
    assert (server.chunks, stream.closed) == ([b"a", b"b"], 1)
    (report,) = reports(reporting)
    assert (report["exception"]["message"], report["request"]["path"]) == (crash, "/export")


def test_a_streamed_answer_passes_chunk_by_chunk_as_it_comes(reporting: Sink) -> None:
    made: list[bytes] = []

    def chunks() -> Iterator[bytes]:
        for chunk in (b"a", b"", b"c"):
            made.append(chunk)
            yield chunk

    answer = iter(SelfhealMiddleware(answering(chunks()))(asked(), Server().start))
    assert (next(answer), made) == (b"a", [b"a"])
    assert list(answer) == [b"", b"c"]
    assert list(answer) == []


class Lines(list[bytes]):
    pass


@pytest.mark.parametrize("answer", [[b"{}"], (b"{}",), Lines([b"{}"]), FileWrapper(io.BytesIO(b"{}"))])
def test_the_server_gets_the_very_answer_where_it_may_look_at_it(reporting: Sink, answer: Any) -> None:
    server = Server()
    assert server.serve(SelfhealMiddleware(answering(answer)), asked()) == b"{}"
    assert server.answer is answer


def test_an_exception_that_the_application_answered_itself_is_reported_as_handled(reporting: Sink) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        try:
            raise Boom("answered")
        except Boom as error:
            start("500 Oh", JSON, (Boom, error, error.__traceback__))
        return [b"sorry"]

    server = Server()
    assert server.serve(SelfhealMiddleware(app), asked()) == b"sorry"
    ((status, exc_info),) = server.started
    assert (status, exc_info[0]) == ("500 Oh", Boom)
    (report,) = reports(reporting)
    assert report["mechanism"] == {"type": "wsgi", "handled": True}


def read_all(body: Any) -> bytes:
    return bytes(body.read())


def read_pieces(body: Any) -> bytes:
    assert body.read(0) == b""
    return b"".join(iter(lambda: body.read(7), b""))


def read_lines(body: Any) -> bytes:
    return bytes(body.readline() + b"".join(body.readlines()))


def read_by_iterating(body: Any) -> bytes:
    return b"".join(body)


def read_some(body: Any) -> bytes:
    return bytes(body.read(5) + body.read(0))


@pytest.mark.parametrize("read", [read_all, read_pieces, read_lines, read_by_iterating, read_some])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_body_is_reported_however_it_is_read(reporting: Sink, read: Callable[[Any], bytes], chunked: bool) -> None:
    body, got = b"first line\nsecond line\nthe last", []

    def app(environ: Any, start: Any) -> Iterable[bytes]:
        got.append(read(environ["wsgi.input"]))
        raise Boom

    more = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"} if chunked else {}
    with pytest.raises(Boom):
        SelfhealMiddleware(app)(asked("POST", "/", body, **more), Server().start)
    (report,) = reports(reporting)
    assert report["request"]["body"] == got[0].decode()
    assert ("truncated" in report["request"]) is (read is read_some)
    assert got[0] == (body[:5] if read is read_some else body)


def test_earlier_requests_are_remembered_with_the_identifiers_of_their_answers(reporting: Sink) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        environ["wsgi.input"].read()
        if environ["PATH_INFO"] == "/crash":
            raise Boom
        start("201 Created", JSON)
        return [b'{"id": 12}'] if environ["PATH_INFO"] == "/listed" else Stream(b'{"id"', b": 13}")

    watched = SelfhealMiddleware(app)
    for path in ("/listed", "/streamed"):
        Server().serve(watched, asked("POST", path, b"x"))
    with pytest.raises(Boom):
        Server().serve(watched, asked("POST", "/crash", b"x"))
    (report,) = reports(reporting)
    earlier = [(one["path"], one["status"], one["ids"]) for one in report["earlier_requests"]]
    assert earlier == [("/listed", 201, {"/id": 12}), ("/streamed", 201, {"/id": 13})]


def test_it_keeps_to_the_protocol_on_both_sides(reporting: Sink) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(3) + environ["wsgi.input"].readline(100)
        start("200 OK", [("Content-Type", "text/plain")])
        return iter([body])

    server = Server()
    echoed = server.serve(validator(SelfhealMiddleware(validator(app))), asked("POST", "/", b"hello\n"))
    assert echoed == b"hello\n"


def test_attached_twice_it_reports_once(reporting: Sink) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        raise Boom

    with pytest.raises(Boom):
        SelfhealMiddleware(SelfhealMiddleware(app))(asked(), Server().start)
    assert [report["suppressed"] for report in reports(reporting)] == [0]


@pytest.mark.parametrize(
    "odd", [{"wsgi.input": None}, {"HTTP_ODD": 5}, {"CONTENT_LENGTH": "many"}, {"PATH_INFO": "\u20ac"}]
)
def test_an_odd_request_reaches_the_application_as_it_is(reporting: Sink, odd: dict[str, Any]) -> None:
    app = answering([b"{}"], status="OK", headers=5)
    assert Server().serve(SelfhealMiddleware(app), asked(**odd)) == b"{}"


def test_without_init_nothing_is_touched(client_off: None) -> None:
    environ = asked()
    before = dict(environ)
    stream = Stream(b"a")
    assert SelfhealMiddleware(answering(stream))(environ, Server().start) is stream
    assert environ == before


class OnOpenConnection(io.BytesIO):
    """The body and behind it a connection that stays open: reading on would wait for ever."""

    def readline(self, size: int | None = -1) -> bytes:
        if self.tell() >= 11:
            raise TimeoutError
        return super().readline(size)

    def readlines(self, hint: int | None = None) -> list[bytes]:
        return super().readlines(hint)


def test_lines_are_read_as_far_as_the_application_asks(reporting: Sink) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        assert environ["wsgi.input"].readlines(11) == [b"first\n", b"last\n"]
        raise Boom

    behind = OnOpenConnection(b"first\nlast\nGET / HTTP/1.1")
    with pytest.raises(Boom):
        SelfhealMiddleware(app)(asked("POST", "/", b"x" * 11, **{"wsgi.input": behind}), Server().start)
    (report,) = reports(reporting)
    assert report["request"]["body"] == "first\nlast\n"
    assert "truncated" not in report["request"]


def test_a_body_read_into_a_buffer_or_by_next_is_reported(reporting: Sink) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        buffer = bytearray(8)
        assert next(environ["wsgi.input"]) == b"a\n"
        assert environ["wsgi.input"].readinto(buffer) == 3
        raise Boom

    with pytest.raises(Boom):
        SelfhealMiddleware(app)(asked("POST", "/", b"a\nbcd"), Server().start)
    (report,) = reports(reporting)
    assert report["request"]["body"] == "a\nbcd"


def test_a_stream_that_cannot_read_into_a_buffer_does_not_pretend_to(reporting: Sink) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        return [str(hasattr(environ["wsgi.input"], "readinto")).encode()]

    bare: dict[str, Any] = {"wsgi.input": object()}
    assert Server().serve(SelfhealMiddleware(app), asked(**bare)) == b"False"


def test_a_server_may_ask_for_the_next_chunk_at_once(reporting: Sink) -> None:
    answer: Any = SelfhealMiddleware(answering(iter([b"a", b"b"])))(asked(), Server().start)
    assert [next(answer), next(answer), next(answer, None)] == [b"a", b"b", None]


def test_a_wrapper_that_cannot_be_asked_about_is_no_file(reporting: Sink) -> None:
    class Odd(type):
        def __instancecheck__(cls, instance: object) -> bool:
            raise Boom

    odd: dict[str, Any] = {"wsgi.file_wrapper": Odd("Wrapper", (), {})}
    assert Server().serve(SelfhealMiddleware(answering(iter([b"{}"]))), asked(**odd)) == b"{}"


@pytest.mark.parametrize("way", ["called", "streamed"])
def test_a_crash_is_reported_without_a_request_that_cannot_be_read(reporting: Sink, way: str) -> None:
    def app(environ: Any, start: Any) -> Iterable[bytes]:
        if way == "called":
            raise Boom("odd")
        start("200 OK", JSON)
        return Stream(b"a", crash="on its way")

    with pytest.raises(Boom):
        Server().serve(SelfhealMiddleware(app), asked(HTTP_ODD=5))
    (report,) = reports(reporting)
    assert (report["mechanism"]["type"], report["request"]) == ("wsgi", None)
