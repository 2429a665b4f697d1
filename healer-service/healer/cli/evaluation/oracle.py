"""Runs the hidden checks of a case against an application: a pytest file that is laid into the tree under test.

It runs in the application's interpreter, where of this project only the client package is at hand. A check is a
function of oracle.py that takes a `Service`; `check_fix_*` are about the repaired request, `check_same_*` about its
neighbours and begin with a fresh application.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from selfheal.replay.application import speaks_asgi
from selfheal.replay.asgi import AsgiClient
from selfheal.replay.messages import Request
from selfheal.replay.recorded import Session
from selfheal.replay.replaying import bounded_memory
from selfheal.replay.wsgi import WsgiClient

HERE = Path(__file__).resolve().parent
TREE = HERE.parent
SECONDS = 15.0


class Response:
    def __init__(self, status: int | None, headers: dict[str, str], body: bytes, exc: BaseException | None) -> None:
        self.status, self.headers, self.body, self.exc = status, headers, body, exc

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def crashed(self) -> bool:
        return self.exc is not None or self.status is None or self.status == 500

    def __repr__(self) -> str:
        return f"<{self.status} {self.text[:160]!r}{f' {self.exc!r}' if self.exc else ''}>"


class Service:
    """A fresh copy of the application, and ways to talk to it."""

    def __init__(self) -> None:
        self.spec = json.loads((HERE / "request.json").read_text())
        self.tree = TREE
        self.app: Any = None
        self.module: Any = None
        self._client: AsgiClient | WsgiClient | None = None
        self._given: set[str] = set()

    def fresh(self, env: Mapping[str, object] | None = None, with_report_env: bool = False) -> Service:
        self.close()
        self.tree = Path(tempfile.mkdtemp(prefix="oracle-")) / "tree"
        shutil.copytree(TREE, self.tree, ignore=shutil.ignore_patterns("__pycache__", ".git", HERE.name))
        sys.path.insert(0, str(self.tree))
        os.chdir(self.tree)
        wanted = {**(self.spec.get("env", {}) if with_report_env else {}), **(env or {})}
        self._given = set(wanted)
        os.environ.update({name: str(value) for name, value in wanted.items()})
        importlib.invalidate_caches()
        self.module = importlib.import_module("app")
        self.app = self.module.app
        self._client = AsgiClient(self.app) if speaks_asgi(self.app) else WsgiClient(self.app)
        self._client.begin(SECONDS)
        return self

    def close(self) -> None:
        for name in self._given:
            os.environ.pop(name, None)
        roots = (f"{TREE}{os.sep}", f"{self.tree}{os.sep}")
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            if file.startswith(roots) and not file.startswith(f"{HERE}{os.sep}"):
                del sys.modules[name]
        if self.tree != TREE:
            sys.path.remove(str(self.tree))
            os.chdir(TREE)
            shutil.rmtree(self.tree.parent, ignore_errors=True)
            self.tree = TREE

    def send(self, spec: Mapping[str, Any], limits: Mapping[str, Any] | None = None) -> Response:
        assert self._client is not None, "fresh() comes first"
        extra_mb = (limits or {}).get("as_mb")
        with bounded_memory(None if extra_mb is None else int(extra_mb * 2**20)):
            answer = self._client.send(_request(spec), SECONDS)
        headers = dict(answer.headers)
        return Response(answer.status, headers, answer.body, answer.exception)

    def req(self, method: str, path: str, **parts: Any) -> Response:
        return self.send({"method": method, "path": path, **parts})

    def get(self, path: str, **parts: Any) -> Response:
        return self.req("GET", path, **parts)

    def post(self, path: str, json: Any = None, **parts: Any) -> Response:
        return self.req("POST", path, **_with(json), **parts)

    def put(self, path: str, json: Any = None, **parts: Any) -> Response:
        return self.req("PUT", path, **_with(json), **parts)

    def patch(self, path: str, json: Any = None, **parts: Any) -> Response:
        return self.req("PATCH", path, **_with(json), **parts)

    def delete(self, path: str, **parts: Any) -> Response:
        return self.req("DELETE", path, **parts)

    def setup(self) -> Service:
        """Fresh, with the report's environment, after the report's earlier requests."""
        self.fresh(with_report_env=True)
        for step in self.spec.get("setup", []):
            self.send(step)
        return self

    def replay(self) -> Response:
        self.setup()
        return self.send(self.spec["request"], self.spec.get("limits"))


def _with(document: Any) -> dict[str, Any]:
    return {} if document is None else {"json": document}


def _request(spec: Mapping[str, Any]) -> Request:
    query = urlencode(spec["query"], doseq=True) if spec.get("query") else ""
    path = f"{spec['path']}?{query}" if query else spec["path"]
    return Session({}).request({**spec, "path": path})


def _oracle() -> Any:
    found = importlib.util.spec_from_file_location("hidden_oracle", HERE / "oracle.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


ORACLE = _oracle()


@pytest.mark.parametrize("name", [name for name in vars(ORACLE) if name.startswith(("check_fix", "check_same"))])
def test_check(name: str) -> None:
    check = getattr(ORACLE, name)
    service = Service()
    try:
        if name.startswith("check_same"):
            service.fresh(env=getattr(check, "env", None))
        check(service)
    finally:
        service.close()


def test_replay() -> None:
    """The failing request no longer crashes."""
    service = Service()
    try:
        response = service.replay()
    finally:
        service.close()
    assert not response.crashed, response
