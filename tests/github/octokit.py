"""GitHub's descriptions of itself as they are installed for the tests: OpenAPI, webhooks, GraphQL.

Each file is read once, when it is first asked for. What they mean is for others.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

HOME = Path(sys.prefix) / "octokit" / "node_modules" / "@octokit"
MISSING = "{} is missing: run `make setup`, which installs GitHub's descriptions and what reads them"


def installed(path: str) -> Path:
    found = HOME / path
    if not found.exists():
        raise RuntimeError(MISSING.format(found))
    return found


@cache
def openapi() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(installed("openapi/generated/api.github.com.json").read_bytes())
    return described


def followed(part: Any) -> Any:
    while isinstance(part, dict) and "$ref" in part:
        target: Any = openapi()
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = target
    return part


def declared_fields(schema: str) -> frozenset[str]:
    """Names of the fields that a schema of the description has."""
    return frozenset(openapi()["components"]["schemas"][schema]["properties"])


@cache
def example(name: str) -> dict[str, Any]:
    value: dict[str, Any] = openapi()["components"]["examples"][name]["value"]
    return value


@cache
def webhook_schemas() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads(installed("webhooks-schemas/schema.json").read_bytes())["definitions"]
    return definitions


@cache
def webhook_examples() -> dict[str, list[dict[str, Any]]]:
    examples = json.loads(installed("webhooks-examples/api.github.com/index.json").read_bytes())
    return {event["name"]: event["examples"] for event in examples}


@cache
def graphql_blocks() -> dict[str, str]:
    """Each definition of GitHub's GraphQL schema, by its name, as text: parsing all of it takes seconds."""
    text = installed("graphql-schema/schema.graphql").read_text()
    starts = list(re.finditer(r"^(?:type|input|enum|interface|union|scalar) (\w+)", text, re.M))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    blocks = {}
    for start, end in zip(starts, ends, strict=True):
        block = text[start.start() : end]
        # The description of the next definition stands before it.
        closed = re.search(r"^\}", block, re.M) if "{" in block.splitlines()[0] else None
        blocks[start[1]] = block[: closed.end()] if closed else block.split('\n"""')[0]
    return blocks
