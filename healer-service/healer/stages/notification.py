"""Writes the messages about what became of an incident, as plain JSON and as chats of Slack's kind take them.

What a crash brought (names, messages) is foreign text: in a chat it can neither call people, nor link, nor format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

Form = Literal["json", "slack"]

LONGEST_TITLE = 200
LONGEST_REASON = 500
_NO_PING = "@\u2060"  # a word joiner: nobody is called so, and it reads the same

_WORDS = {
    "open": "waits for its heal",
    "diagnosing": "is being diagnosed",
    "repairing": "is being repaired",
    "proposed": "has a proposed fix: please decide",
    "merged": "has its fix merged",
    "releasing": "has its fix released",
    "soaking": "runs with its fix, and is watched",
    "resolved": "is healed",
    "declined": "was not healed",
    "rejected": "has its fix rejected",
    "rolled_back": "has its fix rolled back",
    "regressed": "crashes again",
}


@dataclass(frozen=True)
class Change:
    """An incident came from one state to another."""

    id: str  # of the message; the same each time it is sent
    incident: str
    service: str
    title: str
    reason: str
    count: int
    url: str
    before: str
    now: str
    at: str  # RFC 3339, UTC
    proposal: tuple[int, str, str] | None = None  # number, url, title


@dataclass(frozen=True)
class More:
    """Changes beyond what a target gets one by one."""

    id: str
    number: int
    states: Mapping[str, int]  # how many went to each
    since: str  # RFC 3339, UTC
    until: str
    url: str  # of the page


@dataclass(frozen=True)
class Sample:
    """To try whether messages arrive."""

    id: str
    at: str
    url: str  # of the page


Message = Change | More | Sample


def body(message: Message, form: Form) -> bytes:
    """What is sent; never more than some kilobytes."""
    return json.dumps((_chat if form == "slack" else _plain)(message)).encode()


def _plain(message: Message) -> dict[str, Any]:
    if isinstance(message, Sample):
        return {"id": message.id, "type": "test", "at": message.at, "url": message.url}
    if isinstance(message, More):
        told = {"number": message.number, "to": dict(message.states), "since": message.since, "until": message.until}
        return {"id": message.id, "type": "incident.states", **told, "url": message.url}
    number, url, title = message.proposal or (0, "", "")
    return {
        "id": message.id,
        "type": "incident.state",
        "incident": {
            "id": message.incident,
            "service": message.service,
            "title": _clip(message.title, LONGEST_TITLE),
            "state": message.now,
            "reason": _clip(message.reason, LONGEST_REASON),
            "count": message.count,
            "url": message.url,
        },
        "from": message.before,
        "to": message.now,
        "at": message.at,
        "proposal": {"number": number, "url": url, "title": _clip(title, LONGEST_TITLE)} if message.proposal else None,
    }


def _chat(message: Message) -> dict[str, Any]:
    if isinstance(message, Sample):
        return _blocks("This is a test: the healer's messages arrive here.", [_link(message.url, "Open the healer")])
    if isinstance(message, More):
        states = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sorted(message.states.items()))
        said = f"{message.number} more state change{'s' * (message.number != 1)}: {states}"
        return _blocks(said, [_link(message.url, "Open the healer")])
    said = f"*{_escaped(message.service)}*: {_foreign(message.title, LONGEST_TITLE)} {_WORDS[message.now]}"
    links = [_link(message.url, "Open the incident")]
    if message.proposal:
        number, url, _ = message.proposal
        links.append(_link(url, f"Pull request #{number}" if number else "The proposal"))
    reason = _foreign(message.reason, LONGEST_REASON) if message.reason else ""
    return _blocks(said, links, reason)


def _blocks(said: str, links: list[str], more: str = "") -> dict[str, Any]:
    texts = [said, more, " · ".join(link for link in links if link)]
    sections = [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in texts if text]
    return {"text": said, "blocks": sections}


def _foreign(text: str, longest: int) -> str:
    """As code: inside of it nothing is a link or a format, in Slack and in chats that take its messages."""
    shown = _clip(" ".join(_printable(text[: 4 * longest]).split()), longest).replace("`", "'")
    return f"`{_escaped(shown)}`" if shown else ""


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("@", _NO_PING)


def _link(url: str, words: str) -> str:
    """ "" for what is no address that one could open."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return ""
    if scheme not in ("http", "https") or not url.isascii() or not url.isprintable():
        return ""
    safe = url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C").replace(" ", "%20")
    return f"<{safe}|{words}>"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _clip(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


__all__ = ["Change", "Form", "Message", "More", "Sample", "body"]
