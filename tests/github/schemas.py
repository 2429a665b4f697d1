"""Holds values to GitHub's schemas, strictly: a field that is not declared is wrong.

It finds what is wrong; what follows from it is for others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.github.octokit import MISSING, followed

try:
    import jsonschema
except ModuleNotFoundError as missing:
    raise RuntimeError(MISSING.format(missing.name)) from missing

NO_RULES = {"description", "example", "examples", "title", "deprecated", "readOnly", "default", "nullable"}

FORMATS = jsonschema.FormatChecker(())


@FORMATS.checks("date-time")
def _is_time(value: object) -> bool:
    """RFC 3339 as GitHub writes it: whole seconds, with a zone."""
    if not isinstance(value, str):
        return True
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


@FORMATS.checks("uri")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or bool(re.match(r"[a-z][a-z0-9+.-]*:[^\s]+\Z", value))


def _remembered(validator: Any, named: tuple[str, Any], value: object, _: object) -> Iterator[Any]:
    """What was found right is not looked at again: the same people and repository stand in every answer."""
    name, schema = named
    seen = hash((name, json.dumps(value)))
    if seen in _right:
        return
    errors = list(validator.descend(value, schema))
    if not errors:
        _right.add(seen)
    yield from errors


Validator: Any = jsonschema.validators.extend(jsonschema.Draft7Validator, {"remembered": _remembered})

_right: set[int] = set()

_validators: dict[tuple[str, ...], Any] = {}

_resolved: dict[tuple[str, bool], dict[str, Any]] = {}


def wrong(key: tuple[str, ...], schema: dict[str, Any], value: object) -> list[str]:
    """What is wrong with a value by a schema of the description; undeclared fields are."""
    if key not in _validators:
        _validators[key] = Validator(_strict(schema), format_checker=FORMATS)
    return problems(_validators[key], value)


def problems(validator: Any, value: object) -> list[str]:
    if validator.is_valid(value):
        return []
    found = [jsonschema.exceptions.best_match([error]) for error in validator.iter_errors(value)]
    return [f"{'.'.join(map(str, error.absolute_path)) or 'it'}: {error.message[:300]}" for error in found]


def _strict(schema: dict[str, Any], closed: bool = True) -> dict[str, Any]:
    """An OpenAPI 3.0 schema as JSON Schema without references, where an object has its declared fields and no other."""
    reference = schema.get("$ref")
    if reference is None:
        return _converted(schema, closed)
    if (reference, closed) not in _resolved:
        _resolved[reference, closed] = made = {}
        made["remembered"] = (f"{reference} {closed}", _converted(followed(schema), closed))
    return _resolved[reference, closed]


def _converted(schema: dict[str, Any], closed: bool) -> dict[str, Any]:
    made = {k: v for k, v in schema.items() if k not in NO_RULES and not k.startswith("x-")}
    composed = "allOf" in schema or ("properties" in schema and ("anyOf" in schema or "oneOf" in schema))
    if "properties" in schema:
        made["properties"] = {name: _strict(field) for name, field in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            made[key] = _strict(schema[key])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            made.pop(key)
            # GitHub's alternatives overlap: more than one may fit.
            made["allOf" if key == "allOf" else "anyOf"] = [
                _strict(part, closed and not composed) for part in schema[key]
            ]
    if closed and schema.get("additionalProperties", False) is False:
        if composed:
            made["propertyNames"] = {"enum": sorted(set(_names(schema)))}
        elif "properties" in schema:
            made["additionalProperties"] = False
    if not schema.get("nullable"):
        return made
    return {"anyOf": [{"type": "null"}, made]}


def _names(schema: dict[str, Any]) -> Iterator[str]:
    schema = followed(schema)
    yield from schema.get("properties", ())
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, ()):
            yield from _names(part)
