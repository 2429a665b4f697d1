"""Reading the table files: {"2024-05-01": [["03:12", 412], ["09:30", 88], ...]}, heights in cm."""
import json
from functools import lru_cache
from pathlib import Path

from .errors import ApiError

DATA = Path(__file__).resolve().parent.parent / "data"
PORTS = {"elder": "Elder Sound", "marsk": "Marsk Haven", "tarn": "Tarnness"}


def check_port(port):
    if port not in PORTS:
        raise ApiError(404, "no such port")


def years(port):
    """Years there is a table for."""
    return sorted(int(f.stem.rsplit("-", 1)[1]) for f in DATA.glob(f"{port}-*.json"))


@lru_cache(maxsize=32)
def table(port, year):
    """All tides of a port in a year, by day."""
    with open(DATA / f"{port}-{year}.json", encoding="utf-8") as fh:
        return json.load(fh)
