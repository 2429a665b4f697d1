"""What the doctor finds: one check, how it came out, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass

OK, WEAKER, MISSING = "ok", "weaker", "missing"


@dataclass(frozen=True)
class Check:
    about: str  # "healer", or a service's name
    name: str
    state: str  # ok; weaker: it works, with less protection or comfort; missing: it does not work
    found: str
    remedy: str = ""
