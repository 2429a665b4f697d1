"""The digests that chain the event log, and the seal on what says where it ends. Computes; reads and writes nothing."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What a digest covers beside the digest before it; the payload as the text that is stored.
COVERED = ("id", "type", "key", "payload", "timestamp", "trace_id", "ui_hint", "once")

_TEXT = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True)
class Head:
    """Where the log ends: how many events there are, and the last one."""

    count: int = 0
    last_id: int = 0
    digest: str = ""


@dataclass(frozen=True)
class Record:
    """A head with its seal, as it lies in the database and in the file beside it."""

    head: Head
    seal: str


class Chain:
    """Without a key it takes one of its own, which nobody can verify with later."""

    def __init__(self, key: str = "") -> None:
        # Kept and copied: setting up a code takes longer than computing it.
        self._code = hmac.new(key.encode() if key else secrets.token_bytes(32), digestmod="sha256")

    def digest(self, previous: str, event: Mapping[str, Any]) -> str:
        """Raises TypeError when a column holds what JSON does not know; the healer writes no such thing."""
        return self._compute("event", previous + _TEXT.encode([event[name] for name in COVERED]))

    def sealed(self, head: Head) -> Record:
        return Record(head, self._compute("head", f"{head.count} {head.last_id} {head.digest}"))

    def holds(self, record: Record) -> bool:
        return hmac.compare_digest(self.sealed(record.head).seal.encode(), record.seal.encode(errors="surrogatepass"))

    def follow(self, record: Record, head: Head) -> Record:
        """The record of a longer log. A broken seal stays broken: appending must not cover up what was done before."""
        return self.sealed(head) if self.holds(record) else Record(head, record.seal)

    def _compute(self, kind: str, said: str) -> str:
        code = self._code.copy()
        code.update(f"{kind}\n{said}".encode(errors="surrogatepass"))  # whatever stands in a tampered row
        return code.hexdigest()
