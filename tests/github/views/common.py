"""What all views share."""

from __future__ import annotations

from typing import Any

from tests.github.octokit import declared_fields

JSON = dict[str, Any]


def node_id(kind: str, number: int) -> str:
    return f"{kind}_kwDO{number:08d}"


def fitted(value: JSON, schema: str) -> JSON:
    """The fields of it that a smaller schema of the description has."""
    return {key: value[key] for key in value.keys() & declared_fields(schema)}
