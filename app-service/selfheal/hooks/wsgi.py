"""WSGI middleware: reports exceptions of the application and of the body it streams, and lets them go on unchanged.

It does not buffer, answer or change anything: what passes is only looked at.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from selfheal.client import Client, active, report
from selfheal.exchange import PATH_SAFE, Exchange, current
from selfheal.hooks.beside import attach
from selfheal.quiet import quietly

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_MARK = "selfheal.watched"
_END: Any = object()


class SelfhealMiddleware:
    """`app.wsgi_app = SelfhealMiddleware(app.wsgi_app)` in Flask; in Django, and for any WSGI application, around it:
    `application = SelfhealMiddleware(get_wsgi_application())`."""

    def __init__(self, app: Application) -> None:
        self.app = app
        attach()  # the framework may have been imported after init()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        client = active()
        if client is None or _MARK in environ:
            return self.app(environ, start_response)
        visit = _Visit(client, quietly(_exchange_of, environ), start_response)
        answer: Iterable[bytes] = visit.run(self.app, environ, visit.start)
        # A server may look at what it got: the length of a list, or whether it can have the kernel send the file.
        if isinstance(answer, (list, tuple)) or quietly(isinstance, answer, environ.get("wsgi.file_wrapper")):
            quietly(visit.end, answer)
            return answer
        visit.answer = answer
        return visit


class _Visit:
    """One request on its way through the application; what the server iterates over where the body is streamed."""

    def __init__(self, client: Client, exchange: Exchange | None, start_response: Callable[..., Any]) -> None:
        self.answer: Iterable[bytes] = ()
        self._start_response = start_response
        self._client = client
        self._exchange = exchange
        self._chunks: Iterator[bytes] | None = None
        self._ended = False

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        token = current.set(self._exchange)
        try:
            return function(*arguments)
        except Exception as error:
            self._ended = True
            report(error, "wsgi", exchange=self._exchange)
            raise
        finally:
            quietly(current.reset, token)

    def start(self, status: str, headers: Any, *caught: Any, **named: Any) -> Any:
        quietly(self._begin, status, headers, *caught, *named.values())
        return self._start_response(status, headers, *caught, **named)

    def _begin(self, status: str, headers: Any, caught: Any = None) -> None:
        if caught:
            report(caught[1], "wsgi", handled=True, exchange=self._exchange)
        kinds = [(b"content-type", value.encode()) for name, value in headers if name.lower() == "content-type"]
        if self._exchange:
            self._exchange.begin_answer(int(status[:3]), kinds)

    def end(self, answer: object = None) -> None:
        if self._exchange and not self._ended:
            self._ended = True
            for chunk in answer if isinstance(answer, (list, tuple)) else ():
                self._exchange.feed_answer(chunk)
            self._client.remember(self._exchange)

    def __iter__(self) -> _Visit:
        self._chunks = self.run(iter, self.answer)
        return self

    def __next__(self) -> bytes:
        if self._chunks is None:
            iter(self)
        chunk: bytes = self.run(next, self._chunks, _END)
        if chunk is _END:
            raise StopIteration
        if self._exchange:
            quietly(self._exchange.feed_answer, chunk)
        return chunk

    def close(self) -> None:
        if hasattr(self.answer, "close"):
            self.run(self.answer.close)
        quietly(self.end)


class _Input:
    """The request's body: what the application reads of it is noted."""

    def __init__(self, stream: Any, exchange: Exchange, length: int) -> None:
        self._stream = stream
        self._exchange = exchange
        self._left = length

    def read(self, *size: Any, **named: Any) -> Any:
        chunk = self._stream.read(*size, **named)
        quietly(self._note, chunk, *size, *named.values())
        return chunk

    def readline(self, *size: Any, **named: Any) -> Any:
        line = self._stream.readline(*size, **named)
        quietly(self._note, line, len(line) + 1)
        return line

    def readlines(self, *hint: Any) -> Any:
        lines = self._stream.readlines(*hint)
        quietly(lambda: self._note(b"".join(lines), *filter(None, hint)))
        return lines

    def __iter__(self) -> _Input:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._stream, name)
        return functools.partial(self._read_into, found) if name == "readinto" else found

    def _read_into(self, function: Callable[[Any], Any], buffer: Any) -> Any:
        length = function(buffer)
        quietly(lambda: self._note(bytes(memoryview(buffer).cast("B")[:length]), memoryview(buffer).nbytes))
        return length

    def _note(self, chunk: bytes, size: int | None = None) -> None:
        self._left -= len(chunk)
        more = size is not None and (size == 0 or (size > 0 and bool(chunk) and self._left > 0))
        self._exchange.feed(chunk, more)


def _exchange_of(environ: Environ) -> Exchange:
    headers = [
        (name[5 * (name[:5] == "HTTP_") :].replace("_", "-").lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in environ.items()
        if value and (name[:5] == "HTTP_" or name in ("CONTENT_TYPE", "CONTENT_LENGTH"))
    ]
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1")
    target = quote(path, safe=PATH_SAFE) or "/"
    query = environ.get("QUERY_STRING")
    exchange = Exchange(environ["REQUEST_METHOD"], f"{target}?{query}" if query else target, headers)
    length = environ.get("CONTENT_LENGTH") or ""
    environ["wsgi.input"] = _Input(environ["wsgi.input"], exchange, int(length) if length.isdigit() else sys.maxsize)
    environ[_MARK] = True  # for a second one of these further in
    return exchange
