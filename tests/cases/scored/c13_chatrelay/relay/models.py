"""What the relay works with."""
import re
from dataclasses import dataclass, field

from relay.errors import RelayError

PATH = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*")


@dataclass(frozen=True)
class Source:
    name: str
    secret: str | None = None


@dataclass
class Rule:
    source: str
    event: str
    channel: str
    text: str
    when: dict = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class Message:
    channel: str
    text: str
    rule: int


def _text(data, name):
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise RelayError(400, "bad_rule", f"{name} is missing")
    return value.strip()


def rule_from(data):
    when = data.get("when", {})
    if not isinstance(when, dict):
        raise RelayError(400, "bad_rule", "when must be an object")
    for path, wanted in when.items():
        if not PATH.fullmatch(path) or isinstance(wanted, (dict, list)):
            raise RelayError(400, "bad_rule", f"bad condition {path}")
    return Rule(_text(data, "source"), _text(data, "event"), _text(data, "channel"), _text(data, "text"), when)


def rule_view(rule):
    return {"number": rule.number, "source": rule.source, "event": rule.event, "channel": rule.channel, "text": rule.text, "when": rule.when}
