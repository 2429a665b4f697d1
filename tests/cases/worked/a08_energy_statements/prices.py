"""Monthly price of a kilowatt hour.

In production SPOT_FEED names the exchange's feed (http://host:port); without it the table below is used,
which is meant for demonstrations.
"""
import json
import os
import urllib.request

FEED = os.environ.get("SPOT_FEED", "")
TIMEOUT = 3

DEMO = {(2024, 1): 31.2, (2024, 2): 29.9, (2024, 3): 28.4}


class Demo:
    def cents_per_kwh(self, year: int, month: int) -> float:
        return DEMO.get((year, month), 30.0)


class Exchange:
    def __init__(self, base: str):
        self.base = base.rstrip("/")
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def cents_per_kwh(self, year: int, month: int) -> float:
        with self.opener.open(f"{self.base}/monthly/{year}-{month:02}", timeout=TIMEOUT) as answer:
            return float(json.load(answer)["cents_per_kwh"])


def source():
    return Exchange(FEED) if FEED else Demo()
