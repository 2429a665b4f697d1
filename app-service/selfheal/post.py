"""Posts one report to the healer and says what became of it.

It does not retry and follows neither proxies nor redirects: a report goes to the one address of its DSN.
"""

from __future__ import annotations

import codecs
import http.client
from dataclasses import dataclass

from selfheal.settings import Dsn

_LONGEST_ASKED = 600.0

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
    kind = http.client.HTTPSConnection if dsn.scheme == "https" else http.client.HTTPConnection
    headers = {"Content-Type": "application/json", "X-Selfheal-Key": dsn.key, "User-Agent": "selfheal"}
    headers["Connection"] = "close"
    try:
        connection = kind(dsn.host.strip("[]"), dsn.port, timeout=timeout)
        try:
            connection.request("POST", dsn.path, document, headers)
            answer = connection.getresponse()
            answer.read1(4096)  # one piece: whoever sends the rest drop by drop holds nobody up
            return _outcome(answer.status, answer.getheader("Retry-After"), dsn)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome("absent", f"{dsn.address}: {type(error).__name__}")


def _outcome(status: int, retry_after: str | None, dsn: Dsn) -> Outcome:
    if 200 <= status < 300:
        return Outcome("taken")
    busy = status in (408, 425, 429, 502, 503, 504)
    kind = "busy" if busy else "undigested" if status >= 500 else "refused"
    return Outcome(kind, f"{dsn.address} answered {status}", _seconds(retry_after))


def _seconds(text: str | None) -> float | None:
    """Only the form with seconds; a date is treated as no answer, and the usual waiting applies."""
    try:
        return min(_LONGEST_ASKED, max(0.0, float(text or "")))
    except ValueError:
        return None
