"""What the doctor finds: one check, how it came out, and the remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass

OK, WEAKER, MISSING = "ok", "weaker", "missing"

_USER_OF_ADDRESS = re.compile(r"//[^/\s@]+@")


@dataclass(frozen=True)
class Check:
    about: str  # "healer", or a service's name
    name: str
    state: str  # ok; weaker: it works, with less protection or comfort; missing: it does not work
    found: str
    remedy: str = ""


def without_user(text: str) -> str:
    """Addresses may hold passwords, also in what git says of them."""
    return _USER_OF_ADDRESS.sub("//…@", text)
