"""The healer's real routes over a real store, and a way to send to them what no client would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from healer.edges.bus import Bus
from healer.edges.forge import Limits
from healer.edges.store import Store
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts, Service
from healer.web.access import Access
from healer.web.application import Web, create_app

KEY = "0123456789abcdef"
AUTH = ("x-sentry-auth", f"Sentry sentry_key={KEY}, sentry_version=7, sentry_client=sentry.python/2.0.0")
OPERATOR = ("authorization", "Bearer operator")
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    failed: str = ""  # what a server would log beside a 500

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Entrance:
    def __init__(self, folder: Path) -> None:
        self.store = Store(f"sqlite:///{folder}/healer.db")
        self.store.migrate()
        forge = SimpleNamespace(kind="local", limits=lambda: Limits(None, None, ""))
        shop = Service("shop", None, (), "observe", "playbook", None, None, forge, None)  # type: ignore[arg-type]
        parts = Parts(self.store, {"shop": shop}, "", 0)
        access = Access("operator", {"another": "ferry", KEY: "shop"})
        self._web = Web(parts, Dispatch(parts, None), Bus(), access, "", lambda: "")  # type: ignore[arg-type]
        self._app = create_app(self._web, None)  # type: ignore[arg-type]
        self._loop = asyncio.new_event_loop()  # one, as a server has it

    def close(self) -> None:
        self._web.intake.stop()
        self._loop.close()
        self.store.close()

    def post(self, path: str, body: bytes | Iterable[bytes], *headers: tuple[str, str]) -> Answer:
        return self.send("POST", path, body, headers)

    def post_together(self, requests: Iterable[tuple[str, bytes, Headers]]) -> list[Answer]:
        async def all_of_them() -> list[Answer]:
            return await asyncio.gather(*(self._answer("POST", *request) for request in requests))

        return self._loop.run_until_complete(all_of_them())

    def get(self, path: str) -> Answer:
        return self.send("GET", path, b"", [OPERATOR])

    def reports(self) -> list[dict[str, Any]]:
        """The newest of each incident."""
        incidents = self.get("/api/v1/incidents").json["incidents"]
        return [self.get(f"/api/v1/incidents/{one['id']}").json["report"] for one in incidents]

    def send(self, method: str, path: str, body: bytes | Iterable[bytes], headers: Headers) -> Answer:
        return self._loop.run_until_complete(self._answer(method, path, body, headers))

    async def _answer(self, method: str, target: str, body: bytes | Iterable[bytes], headers: Headers) -> Answer:
        """What a server would hand on, without one."""
        slices: Iterator[bytes] = iter([body] if isinstance(body, bytes) else body)
        answer: dict[str, Any] = {"body": b""}

        async def receive() -> Any:
            piece = next(slices, None)
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.update(message)
            else:
                answer["body"] += message.get("body", b"")

        path, _, query = target.partition("?")
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
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            answer |= {"status": 500, "failed": repr(error)}
        found = {name.decode(): value.decode() for name, value in answer.get("headers", [])}
        return Answer(answer["status"], found, answer["body"], answer.get("failed", ""))
