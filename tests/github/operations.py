"""A path and method that GitHub's OpenAPI description declares, and whether a request or an answer is as declared.

It answers no request.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.github.octokit import followed, openapi
from tests.github.schemas import wrong


@dataclass(frozen=True)
class Operation:
    """A declared path and method."""

    method: str
    path: str
    described: dict[str, Any]

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        given = (followed(parameter) for parameter in self.described.get("parameters", ()))
        return {parameter["name"]: parameter for parameter in given if parameter["in"] == place}

    def wrong_query(self, query: dict[str, list[str]]) -> list[str]:
        declared = self.parameters("query")
        problems = [f"query parameter {name} is given twice" for name, values in query.items() if len(values) > 1]
        problems += [f"query parameter {name} is not declared" for name in query if name not in declared]
        problems += [
            f"query parameter {n} is missing" for n, p in declared.items() if p.get("required") and n not in query
        ]
        for name in declared.keys() & query.keys():
            problems += _wrong_text(f"query parameter {name}", query[name][0], declared[name]["schema"])
        return problems

    def wrong_path(self, values: dict[str, str]) -> list[str]:
        declared = self.parameters("path")
        return [p for name, value in values.items() for p in _wrong_text(name, value, declared[name]["schema"])]

    def wrong_body(self, body: object) -> list[str]:
        declared = self.described.get("requestBody", {}).get("content", {}).get("application/json")
        if declared is None:
            return [] if body is None else ["a body is not declared"]
        if body is None:
            return ["a body is required"] if self.described["requestBody"].get("required") else []
        if isinstance(body, list) and self.path.endswith("/labels"):
            body = {"labels": body}  # declared in words only: "You can also pass an `array` of labels directly"
        return wrong(("request", self.method, self.path), declared["schema"], body)

    def wrong_answer(self, status: int, body: object) -> list[str]:
        """Failures that every operation may have (401, 404, rate limits …) are not declared with each of them."""
        declared = followed(self.described["responses"].get(str(status)))
        if declared is None:
            if status < 400:
                return [f"status {status} is not declared"]
            return wrong(("error",), {"$ref": "#/components/schemas/basic-error"}, body)
        content = declared.get("content", {}).get("application/json")
        if content is None:
            return [] if status >= 400 or body is None else [f"status {status} is declared to have no body"]
        return wrong(("response", self.method, self.path, str(status)), content["schema"], body)


def operation(method: str, path: str) -> Operation | None:
    described = openapi()["paths"].get(path, {}).get(method.lower())
    return Operation(method, path, described) if described else None


def _wrong_text(name: str, text: str, schema: dict[str, Any]) -> list[str]:
    """A value that stands in an address is text; the schema says what it means."""
    kind = schema.get("type")
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", text):
            return [f"{name}: {text!r} is no integer"]
        return [f"{name}: {problem}" for problem in wrong(("parameter", name, json.dumps(schema)), schema, int(text))]
    if kind == "boolean":
        return [] if text in ("true", "false") else [f"{name}: {text!r} is neither true nor false"]
    return [f"{name}: {problem}" for problem in wrong(("parameter", name, json.dumps(schema)), schema, text)]
