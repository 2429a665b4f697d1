"""Webhook deliveries as GitHub describes them: an example of each, and a schema that each must keep.

It builds and sends none.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.github.octokit import webhook_examples, webhook_schemas
from tests.github.schemas import FORMATS, Validator, problems

_validators: dict[str, Any] = {}
_inlined_definitions: dict[str, dict[str, Any]] = {}


@cache
def example(event: str, action: str | None) -> dict[str, Any]:
    """GitHub's example of this delivery, of another action of the event where there is none; not to be changed."""
    examples = webhook_examples()[event]
    fitting = [example for example in examples if example.get("action") == action] or examples
    # Some examples are older than the schemas.
    return next(example for example in fitting if not wrong_delivery(event, example))


def fields(definition: str) -> frozenset[str]:
    return frozenset(webhook_schemas()[definition]["properties"])


def wrong_delivery(event: str, body: dict[str, Any]) -> list[str]:
    kind = f"{event}${body.get('action', 'event')}"
    if kind not in _validators:
        definition = webhook_schemas().get(kind)
        if definition is None:
            return [f"the delivery {kind} is not declared"]
        _validators[kind] = Validator(_inlined(definition), format_checker=FORMATS)
    return problems(_validators[kind], body)


def _inlined(schema: Any) -> Any:
    """Without references, and with what was found right remembered: webhooks repeat themselves even more."""
    if isinstance(schema, list):
        return [_inlined(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        # Where a definition names its dialect, jsonschema would take its own validator for it, which remembers nothing.
        return {key: _inlined(part) for key, part in schema.items() if key != "$schema"}
    name = reference.removeprefix("#/definitions/")
    if name not in _inlined_definitions:
        _inlined_definitions[name] = made = {}
        made["remembered"] = (f"webhook {name}", _inlined(webhook_schemas()[name]))
    return _inlined_definitions[name]
