"""A healer for tests: a real HTTP server on loopback that keeps what is posted and answers what it is told to.

It does not check reports.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Sink:
    """`answers` are (status, headers) for the next requests; when they are used up, 202. While `open` is cleared,
    requests that came in wait for their answer."""

    def __init__(self, port: int = 0) -> None:
        self.answers: deque[tuple[int, dict[str, str]]] = deque()
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.open = threading.Event()
        self.open.set()
        self.arrived = threading.Event()
        self._changed = threading.Condition()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                sink.arrived.set()
                sink.open.wait(10)
                status, headers = sink.answers.popleft() if sink.answers else (202, {})
                with sink._changed:  # before the answer: who has it may look at once
                    sink.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                    sink._changed.notify_all()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def dsn(self) -> str:
        return f"http://the-report-key@127.0.0.1:{self.port}/1"

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.requests]

    def wait(self, number: int, timeout: float = 10.0) -> list[dict[str, Any]]:
        """Until so many requests came in."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.requests) >= number, timeout), f"{len(self.requests)} came"
        return self.reports

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
