"""A service that is one process for all its releases: which one it is, a file says."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class DeployedService:
    """`ill` and `broken` are commits: the first fail their health, the second everything else.

    It takes webhooks too, and answers them with `answers` in turn, else by serving what they name.
    """

    def __init__(self, folder: Path) -> None:
        self.served = folder / "served"
        self.ill: set[str] = set()
        self.broken: set[str] = set()
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.answer(self)

            do_POST = do_GET

            def log_message(self, *_words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def commit(self) -> str:
        return self.served.read_text().strip() if self.served.exists() else ""

    @property
    def hooks(self) -> list[dict[str, str]]:
        return [json.loads(body) for _, path, _, body in self.requests if path.startswith("/hook")]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.requests.append((handler.command, handler.path, headers, body))
        status, more, text = self._answer(handler.path, body)
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(text)), "X-Commit": self.commit, **more}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text.encode())

    def _answer(self, path: str, body: bytes) -> tuple[int, dict[str, str], str]:
        if path.startswith("/hook"):
            if self.answers:
                return self.answers.pop(0)
            self.served.write_text(json.loads(body)["commit"])
            return 202, {}, ""
        wrong = self.ill if path == "/health" else self.broken
        return 500 if self.commit in wrong else 200, {}, "answer"
