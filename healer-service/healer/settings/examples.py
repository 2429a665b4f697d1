"""The file that `services.<name>.examples` names: requests that a person may send to the service from the page.

Only the page's routes are given them; no stage of a heal ever is.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from healer.model import BadInput
from healer.settings.secret_files import private_file

LARGEST = 1 << 20  # bytes
_BODIES = ("json", "form", "body", "body_b64")

Pointer = Annotated[str, Field(max_length=200, pattern=r"^(/[^/]+)+$")]
Header = Annotated[str, Field(max_length=4096, pattern=r"^[ -~]*$")]


class Step(BaseModel):
    """One request; `{name}` in it is what an earlier one saved."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
    path: str = Field(max_length=2000)
    json_body: JsonValue = Field(default=None, alias="json")
    form: dict[str, str] | None = None
    body: str | None = None
    body_b64: str | None = None
    headers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")], Header] = Field(default_factory=dict)
    save: dict[Annotated[str, Field(pattern=r"^\w{1,50}$")], Pointer] = Field(default_factory=dict)

    @field_validator("path")
    @classmethod
    def _is_relative(cls, path: str) -> str:
        if (
            not path.startswith("/")
            or path.startswith("//")
            or "\\" in path
            or not (path.isascii() and path.isprintable())
        ):
            raise ValueError("the service's address is known; write the path alone, for example '/orders/7'")
        return path

    @field_validator("body_b64")
    @classmethod
    def _is_base64(cls, body: str | None) -> str | None:
        try:
            base64.b64decode(body or "", validate=True)
        except ValueError:
            raise ValueError("this is no base64; write text as body instead") from None
        return body

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        given = [name for name in _BODIES if name in self.request]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are different bodies; leave all but one out")
        return self

    @property
    def request(self) -> dict[str, Any]:
        """As it is played."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Example(BaseModel):
    """The earlier requests set the scene, the last one is what it is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    title: str = Field(min_length=1, max_length=200)
    requests: tuple[Step, ...] = Field(min_length=1, max_length=50)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    examples: tuple[Example, ...] = Field(max_length=100)


def read_examples(path: Path) -> tuple[Example, ...]:
    """Raises ValueError with the field, its value and the remedy."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}; name a readable file") from None
    if len(data) > LARGEST:
        raise ValueError(f"{str(path)!r} is larger than {LARGEST} bytes; leave examples out")
    try:
        examples = _File.model_validate(json.loads(data)).examples
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} holds no JSON: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        shown = "" if "headers" in first["loc"] or first["type"] == "extra_forbidden" else _shown(first["input"])
        raise ValueError(f"{path}: {field}: {first['msg'].removeprefix('Value error, ')}{shown}") from None
    names = [example.name for example in examples]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ValueError(f"{path}: two examples have the name {twice!r}; rename one")
    if any(step.headers for example in examples for step in example.requests):
        try:
            private_file(path)
        except BadInput as error:
            raise ValueError(f"{error}: a header of its requests may be a secret") from None
    return examples


def _shown(value: object) -> str:
    """A header, or a whole request that may hold one, can be a secret."""
    return f" (got {value!r:.100})" if isinstance(value, str | int | float | bool) else ""
