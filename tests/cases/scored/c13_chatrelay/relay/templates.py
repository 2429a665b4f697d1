"""Message texts: {{path}} is replaced by what the payload holds there, by nothing if it holds nothing."""
import re

from relay.payloads import lookup

SLOT = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def as_text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(as_text(v) for v in value)
    return str(value)


def render(template, payload):
    return SLOT.sub(lambda m: as_text(lookup(payload, m[1])), template).strip()
