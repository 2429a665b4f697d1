"""`python -m llm_service`: reads the settings and serves until told to stop. Decides nothing else."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from llm_service.app import create_app
from llm_service.engine import LlamaCpp
from llm_service.settings import SettingError, read_settings


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = read_settings(os.environ)
    except SettingError as error:
        print(f"llm-service: {error}", file=sys.stderr)
        return 2
    app = create_app(settings, LlamaCpp())
    # Bounded: an answer that is being written may otherwise hold up a stop for minutes.
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, timeout_graceful_shutdown=5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
