"""What the two processes agree on about an answer's form: its events, and the numbers that come with it."""

from __future__ import annotations

import json

# Header of a whole answer; a streamed one ends with the same as a comment. For the front, never for clients.
NUMBERS = "x-llm-numbers"


def event(document: object) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(document).encode() + b"\n\n"
