"""llama.cpp behind the two questions the service asks: can it run here, and serve this file. Keeps no state of its own.

llama-cpp-python is imported only when asked: the service must start and explain itself where it is not installed.
"""

from __future__ import annotations

import importlib.util
from typing import Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

from llm_service.gguf import ModelError
from llm_service.settings import Settings


class Engine(Protocol):
    def problem(self) -> str | None:
        """Why no model can be served here whatever the file; None when one can."""

    def load(self, settings: Settings) -> ASGIApp:
        """Loads the model (seconds, blocking) and returns the application that answers /v1/…; raises ModelError."""


class LlamaCpp:
    """The real engine. llama_cpp.server keeps its model in a module variable, so there is one model per process."""

    def problem(self) -> str | None:
        missing = [name for name in ("llama_cpp", "sse_starlette") if importlib.util.find_spec(name) is None]
        if missing:
            return (
                "llama-cpp-python is not installed with its server; install it (some minutes, it compiles llama.cpp): "
                "pip install 'llama-cpp-python[server]'"
            )
        return None

    def load(self, settings: Settings) -> ASGIApp:
        from llama_cpp.server import app as llama_app  # noqa: PLC0415
        from llama_cpp.server.settings import ModelSettings, ServerSettings  # noqa: PLC0415

        # model_construct: these classes otherwise fill every field from variables as general as HOST, CACHE or SEED.
        model = ModelSettings.model_construct(
            model=str(settings.model),
            model_alias=settings.model_name,
            n_ctx=settings.context,
            n_threads=settings.threads,
            n_threads_batch=settings.threads,
            use_mlock=False,  # refused without privileges, and the page cache may do with the weights what it likes
            logits_all=False,  # True keeps the scores of the whole context: 2.5 GB for a vocabulary of 152,000
            verbose=False,
        )
        # On, a new request cuts off the answer that is being written.
        llama_app.set_server_settings(ServerSettings.model_construct(interrupt_requests=False))
        try:
            llama_app.set_llama_proxy(model_settings=[model])
        except (ValueError, RuntimeError, AssertionError) as error:
            raise ModelError(f"llama.cpp could not load it: {error}") from error
        # Not create_app(): that one lets pages of any origin in, with credentials, and reads CONFIG_FILE.
        application = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        application.include_router(llama_app.router)
        return application
