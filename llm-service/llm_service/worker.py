"""The process that holds the model: serves llama_cpp.server's routes on a private Unix socket to the one in front.

It decides nothing about who may ask when. It ends when the process that started it ends, however that was.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from llama_cpp.server import app as llama_app
from llama_cpp.server.model import LlamaProxy
from llama_cpp.server.settings import ServerSettings
from starlette.concurrency import run_in_threadpool

from llm_service import validation
from llm_service.errors import Refusal
from llm_service.guard import Guard
from llm_service.model import Model
from llm_service.native import NativeLog

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1


class _Proxy(LlamaProxy):  # type: ignore[misc]
    """Gives the one model whatever name a request calls it by."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __call__(self, _name: str | None = None) -> Model:
        return self._model


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="llm_service.worker", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--context", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--socket", required=True, help="where to listen")
    parser.add_argument("--report", type=int, required=True, help="descriptor of the pipe that hears when it is loaded")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    faulthandler.enable()
    _end_with_parent()
    native = NativeLog()
    try:
        model = Model(options.model, options.name, options.context, options.threads, native)
    except (ValueError, RuntimeError, AssertionError) as error:
        _report(
            options.report, {"state": "refused", "detail": f"llama.cpp could not load it: {native.first() or error}"}
        )
        return 1
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(options.socket)
        listening.listen(64)
        _report(options.report, {"state": "ready"})
        server = uvicorn.Server(
            uvicorn.Config(application(model), log_level="warning", access_log=False, lifespan="off")
        )
        server.run([listening])
    return 0


def application(model: Model) -> FastAPI:
    # On, a new request cuts off the answer that is being written.
    llama_app.set_server_settings(ServerSettings.model_construct(interrupt_requests=False))
    llama_app._llama_proxy = _Proxy(model)  # its own setter loads the model again
    # Not create_app(): that one lets pages of any origin in, with credentials, and reads CONFIG_FILE.
    routes = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    routes.include_router(llama_app.router)
    guard = Guard(routes, model)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(Refusal)
    async def refused(_: Request, refusal: Refusal) -> JSONResponse:
        return JSONResponse(refusal.body(), refusal.status)

    @app.get("/idle")
    async def idle() -> None:
        await guard.idle()

    def ask(path: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        # Beside the running completion, not behind it: the vocabulary never changes, so reading it needs no turn.
        @app.post(path)
        async def asked(request: Request) -> dict[str, Any]:
            return await run_in_threadpool(answer, validation.read_object(await request.body()))

    ask("/extras/tokenize", lambda body: {"tokens": model.tokens(validation.read_text(body, "input"))})
    ask("/extras/tokenize/count", lambda body: {"count": len(model.tokens(validation.read_text(body, "input")))})
    ask("/extras/detokenize", lambda body: {"text": model.text(validation.read_tokens(body))})
    ask("/extras/chat/count", lambda body: {"count": len(model.chat_tokens(validation.read_messages(body)))})
    ask("/tokenize", lambda body: {"tokens": model.tokens(validation.read_text(body, "content"))})
    app.mount("/", guard)
    return app


def _report(descriptor: int, message: dict[str, str]) -> None:
    with os.fdopen(descriptor, "w") as pipe:
        pipe.write(json.dumps(message))


def _end_with_parent() -> None:
    """Standard input is a pipe that nobody writes to; it ends with the parent, also where no signal tells of that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def wait() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
