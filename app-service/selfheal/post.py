"""Posts one report to the healer and says what became of it.

It does not retry and follows neither proxies nor redirects: a report goes to the one address of its DSN.
"""

from __future__ import annotations

import codecs
import contextlib
import http.client
import re
from dataclasses import dataclass

from selfheal.settings import Dsn

_LONGEST_ASKED = 600.0
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")

# Looking up any host name imports this codec. Were it first done by the delivery's thread, a fork at that moment would
# leave the child with half of a module and no way to connect ("unknown encoding: idna").
codecs.lookup("idna")


@dataclass(frozen=True)
class Outcome:
    """`kind`: taken | refused (sending it again is useless) | undigested (5xx) | busy (asked to wait) | absent (no
    answer)."""

    kind: str
    reason: str = ""
    wait: float | None = None  # seconds


def post(dsn: Dsn, document: bytes, timeout: float) -> Outcome:
    scheme, _, host = dsn.address.partition("://")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json", "X-Selfheal-Key": dsn.key, "User-Agent": "selfheal"}
    try:
        with contextlib.closing(kind(host, timeout=timeout)) as connection:
            connection.request("POST", dsn.path, document, {**headers, "Connection": "close"})
            answer = connection.getresponse()
            answer.read1(4096)  # one piece: whoever sends the rest drop by drop holds nobody up
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome("absent", f"{dsn.address}: {type(error).__name__}")
    if 200 <= answer.status < 300:
        return Outcome("taken")
    busy = answer.status in (408, 425, 429, 502, 503, 504)
    said = "busy" if busy else "undigested" if answer.status >= 500 else "refused"
    asked = _SECONDS.fullmatch(answer.getheader("Retry-After", ""))  # a date is no answer: the usual waiting applies
    wait = min(_LONGEST_ASKED, float(asked[0])) if asked else None
    return Outcome(said, f"{dsn.address} answered {answer.status}", wait)
