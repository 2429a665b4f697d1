"""`python -m llm_service`: reads the settings and serves until told to stop; `… pull` fetches a model."""

from __future__ import annotations

import logging
import os
import signal
import sys

import uvicorn

from llm_service.settings import SettingError, read_settings

_USAGE = "usage: python -m llm_service        serve the model (settings: LLM_… variables)\n"
_USAGE += "       python -m llm_service pull   fetch a model (pull --help says more)"


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["pull"]:
        from llm_service import pull  # noqa: PLC0415 - serving needs no HTTP client of a hub

        return pull.main(arguments[1:])
    if arguments:
        print(f"llm-service: there is no command {arguments[0]!r}\n{_USAGE}", file=sys.stderr)
        return 2
    return serve()


def serve() -> int:
    from llm_service.app import create_app  # noqa: PLC0415 - nor does fetching need the server
    from llm_service.engine import LlamaCpp  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each request to the worker
    try:
        settings = read_settings(os.environ)
    except SettingError as error:
        print(f"llm-service: {error}", file=sys.stderr)
        return 2
    # uvicorn stops gracefully on the signal and then raises it once more, for whoever had it before.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app = create_app(settings, LlamaCpp())
    # Bounded: an answer that is being written may otherwise hold up a stop for minutes.
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, timeout_graceful_shutdown=5)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
