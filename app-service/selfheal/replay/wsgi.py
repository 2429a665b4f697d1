"""Calls a WSGI application as a server does (PEP 3333), one request at a time.

What the application lets through is the answer's exception; what it caught is found out by notes.py.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from .messages import Answer, Request


def _environ(request: Request) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "REQUEST_URI": request.path + (f"?{request.query}" if request.query else ""),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        key = name.upper().replace("-", "_")
        text = value.encode("utf-8").decode("latin-1")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return environ


class WsgiClient:
    def __init__(self, app: Any) -> None:
        self._app = app

    def begin(self, _seconds: float) -> None:
        """Nothing to do: WSGI knows no start."""

    def send(self, request: Request, _seconds: float) -> Answer:
        """Not bounded in time: the sandbox's deadline is."""
        answer = Answer()
        chunks: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: tuple[Any, BaseException | None, Any] | None = None
        ) -> Callable[[bytes], None]:
            answer.status = int(status.split(" ", 1)[0])
            answer.headers = [(name.lower(), value) for name, value in headers]
            if exc_info is not None and exc_info[1] is not None:
                answer.exception = exc_info[1]
            return chunks.append

        try:
            parts = self._app(_environ(request), start_response)
            try:
                chunks.extend(parts)
            finally:
                if hasattr(parts, "close"):
                    parts.close()
        except BaseException as error:  # a server answers 500; SystemExit must not end the replay before it is told
            answer.exception = error
            answer.status = 500 if answer.status is None else answer.status
        answer.body = b"".join(chunks)
        return answer
