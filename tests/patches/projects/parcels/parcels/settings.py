"""Settings of the service, from the environment or a file beside it."""

import json
import os
from pathlib import Path

DEFAULTS = {"printer": "lp0", "workers": 2, "keep_days": 30, "locale": "en"}


def environment() -> dict[str, str]:
    return {
        name.removeprefix("PARCELS_").lower(): text for name, text in os.environ.items() if name.startswith("PARCELS_")
    }


def load(path: Path = Path("parcels.json")) -> dict:
    settings = dict(DEFAULTS)
    if path.exists():
        settings.update(json.loads(path.read_text()))
    settings.update(environment())
    return settings


def workers() -> int:
    return int(load()["workers"])


def carrier_url() -> str:
    return os.environ["PARCELS_CARRIER_URL"]
