"""Reading fields out of JSON bodies."""
from datetime import date

from flask import request

from .errors import Invalid


def body():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Invalid("a JSON object is expected")
    return data


def text(data, name):
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"{name} is required")
    return value.strip()


def number(data, name, low, high, default=None):
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise Invalid(f"{name} must be between {low} and {high}")
    return value


def whole(data, name, low, high, default=None):
    value = number(data, name, low, high, default)
    if not isinstance(value, int):
        raise Invalid(f"{name} must be a whole number")
    return value


def day(data, name):
    try:
        return date.fromisoformat(text(data, name)).isoformat()
    except ValueError:
        raise Invalid(f"{name} must be a date")
