"""What all views need."""
from flask import request

from .db import Session
from .errors import Invalid, Missing


def by_id(model, key):
    row = Session.get(model, key)
    if row is None:
        raise Missing(f"no {model.__name__.lower()} {key}")
    return row


def body():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Invalid("a JSON object is needed")
    return data


def text_of(data, name):
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(f"{name} is missing")
    return value.strip()
