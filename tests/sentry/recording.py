"""Records what stock SDKs send: `python -m tests.sentry.recording FOLDER [SRV]` keeps it decoded and as sent.

SRV is a folder that holds the apps and the environments under neutral paths, so that none of a machine's own gets into
a sample. Some of what it wrote is kept in tests/sentry/samples; where that of Go is from is told in apps/go/main.go.
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli

from tests.sentry.running import ENVIRONMENTS, HERE, STOCK, App, Stock

QUIET = 1.0  # seconds without a request after which an app has said everything


class Sink(ThreadingHTTPServer):
    """Takes whatever is posted, as Sentry would."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.dsn = f"http://0123456789abcdef0123456789abcdef@127.0.0.1:{self.server_port}/1"


class _Handler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(headers.get("content-length", 0)))
        self.server.taken.append((self.path, headers, body))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def a_sink() -> Iterator[Sink]:
    sink = Sink()
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()


def decoded(headers: dict[str, str], body: bytes) -> bytes:
    encoding = headers.get("content-encoding")
    if encoding == "gzip":
        return gzip.decompress(body)
    return brotli.decompress(body) if encoding == "br" else body


def record(stock: Stock, into: Path, apps: Path, environments: Path) -> None:
    with a_sink() as sink:
        app = App(stock, sink.dsn, into / f"{stock.name}.log", apps, environments)
        try:
            app.wait()
            for crash in stock.crashes:
                sink.taken.clear()
                app.crash(crash)
                time.sleep(QUIET)
                for number, (path, headers, body) in enumerate(sink.taken):
                    name = f"{stock.name}-{crash}" + (f"-{number}" if number else "")
                    (into / f"{name}.sent").write_bytes(body)
                    (into / f"{name}.envelope").write_bytes(decoded(headers, body))
                    text = json.dumps({"path": path, **headers}, indent=1)
                    (into / f"{name}.headers.json").write_text(text + "\n")
        finally:
            app.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    srv = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    for one in (stock for stock in STOCK if not stock.lack):
        record(one, folder, srv / "app" if srv else HERE / "apps", srv or ENVIRONMENTS)
