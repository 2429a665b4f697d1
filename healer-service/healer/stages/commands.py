"""Reads what a comment orders the healer to do. Who may order it, and doing it, are not its matter."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAMES = frozenset({"retry", "explain", "ignore", "rebase"})
MOST_HINT = 1000  # characters
_LONGEST = 70_000  # of a comment; no forge takes more
# Four spaces or a tab before it would make it code.
_COMMAND = re.compile(r" {0,3}/heal(?![^\s.,:;!?])[.,:;!?]*[^\S\n]*([^\s.,:;!?]*)[.,:;!?]*", re.I)


@dataclass(frozen=True)
class Command:
    name: str  # retry | explain | ignore | rebase | help
    hint: str = ""  # the rest of the comment, on one line; still somebody's words and no instruction of ours


def parse(text: str) -> Command | None:
    """None when the first line that is not empty does not begin with `/heal`: a quote, code, or said in passing."""
    lines = text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    begun = next((number for number, line in enumerate(lines) if line.strip()), None)
    if begun is None:
        return None
    found = _COMMAND.match(lines[begun])
    if found is None:
        return None
    name = found.group(1).lower()
    rest = "\n".join([lines[begun][found.end() :], *lines[begun + 1 :]])
    return Command(name, _one_line(rest)) if name in NAMES else Command("help")


def _one_line(text: str) -> str:
    """Without characters that do not show or change how others show."""
    words = "".join(sign for sign in text if sign.isprintable() or sign.isspace()).split()
    line = " ".join(words)
    return line if len(line) <= MOST_HINT else line[: MOST_HINT - 1] + "…"
