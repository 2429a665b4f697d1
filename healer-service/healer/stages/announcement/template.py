"""The repository's own template for pull requests, as far as a proposal can carry it. Nothing in it is filled in."""

from __future__ import annotations

import re

MOST_CHARACTERS = 4000
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_TAG = re.compile(r"</?[a-z](?![a-z+.-]*:)[^<>]*>", re.I)
_OPENING = re.compile(r"<(?!(?:https?|mailto):)", re.I)
_BOX = re.compile(r"^(\s*(?:[-*+]|\d+[.)])\s+)\[[xX]\]", re.M)
# An example such as "Closes #1" would close that issue, and "@team" would call a team for each proposal.
_CALLS = re.compile(r"@(?=\w)|#(?=\d)|\bGH(?=-\d)|:(?=//\S{1,200}/(?:issues|pull|discussions)/\d)", re.I)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def laid_in(template: str) -> str:
    """Its text without comments and tags, with empty boxes; "" when nothing is left."""
    text = _COMMENT.sub("", template[: 10 * MOST_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(map(_plain, text))
    text = _OPENING.sub("‹", _TAG.sub("", text))
    text = _CALLS.sub(lambda found: f"{found.group()}\u2060", _BOX.sub(r"\1[ ]", text))
    text = re.sub(r"\n(?:[^\S\n]*\n){2,}", "\n\n", text).strip()
    if len(text) > MOST_CHARACTERS:
        text = (text[:MOST_CHARACTERS].rpartition("\n")[0] or text[:MOST_CHARACTERS]) + "\n…"
    return _closed(text)


def _plain(sign: str) -> str:
    """Spaces of all kinds as a plain one; nothing for what does not show."""
    if sign in "\n\t" or sign.isprintable():
        return sign
    return " " if sign.isspace() else ""


def _closed(text: str) -> str:
    """A fence that the template leaves open would take in what follows."""
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if found is None:
            continue
        if not fence:
            fence = found.group(1)
        elif found.group(1).startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
    return f"{text}\n{fence}" if fence else text
