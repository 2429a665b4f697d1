"""Bodies, and how to get at what is in them."""
import json

from relay.errors import RelayError


def object_from(raw):
    try:
        data = json.loads(raw)
    except ValueError:
        raise RelayError(400, "bad_json", "the body is not JSON")
    if not isinstance(data, dict):
        raise RelayError(400, "bad_json", "the body must be an object")
    return data


def lookup(payload, path):
    """What the payload holds at a dotted path ('issue.labels.0.name'); None if there is nothing."""
    value = payload
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if part.isdecimal() and int(part) < len(value) else None
        else:
            value = value.get(part)
    return value
