"""Follows identifiers that the service makes at run time from the answer that showed them to the requests that use
them.

What a request names is replaced only where an earlier answer showed it under the same name, or whole in a path, as the
replay does; a value that the client chose itself stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from urllib.parse import parse_qsl, unquote

from healer.model import Request
from healer.stages.regression.literals import DEEPEST, Name

_BARE = (
    "id",
    "uuid",
    "guid",
    "pk",
    "key",
    "number",
    "code",
    "reference",
    "ref",
    "slug",
    "token",
    "handle",
    "sku",
    "no",
)
_SUFFIX = re.compile(rf"_(?:{'|'.join(_BARE)})s?$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    return _CAMEL.sub("_", name).replace("-", "_").lower()


def singular(name: str) -> str:
    name = snake(name)
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name


def stem(key: str) -> str:
    """What a key identifies: "order" for order_id and orderId; "" for a bare id and for other keys."""
    name = snake(key)
    rest = _SUFFIX.sub("", name)
    return singular(rest) if rest != name else ""


def is_identifier(key: str) -> bool:
    return bool(stem(key)) or singular(key) in _BARE


def segments_of(path: str) -> list[str]:
    return [unquote(part) for part in path.partition("?")[0].split("/") if part]


def collection(path: str) -> str:
    """What a path names last: "line" for /carts/7/lines and for /carts/7/lines/3."""
    words = [part for part in segments_of(path) if not any(c.isdigit() for c in part)]
    return singular(words[-1]) if words else ""


def walk(value: object, key: str = "", owner: str = "", depth: int = 0) -> Iterator[tuple[str, str, object]]:
    """(key, key of the object that has it, scalar) of everything in a JSON value."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            yield from walk(item, str(name), key or owner, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, key, owner, depth + 1)
    else:
        yield key, owner, value


def resolve(document: object, pointer: str) -> object:
    """RFC 6901; None where it leads nowhere."""
    for token in keys_of(pointer):
        if isinstance(document, dict):
            document = document.get(token)
        elif isinstance(document, list) and token.isdecimal() and int(token) < len(document):
            document = document[int(token)]
        else:
            return None
    return document


def keys_of(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


@dataclass(frozen=True)
class Made:
    """An identifier that the answer to the request number `step` showed at `pointer`."""

    step: int
    pointer: str
    names: frozenset[str]  # what it is called and what it identifies: {"id", "order"}
    moved: bool  # the replay gave another value than the recorded one

    @property
    def variable(self) -> str:
        words = sorted(self.names - set(_BARE), key=lambda word: (len(word), word)) or [""]
        key = snake(([token for token in keys_of(self.pointer) if not token.isdecimal()] or ["id"])[-1])
        word = key if stem(key) or not words[0] else f"{words[0]}_{key}"
        plain = re.sub(r"\W", "_", word, flags=re.ASCII)[:30].strip("_")
        return plain if plain.isidentifier() and not iskeyword(plain) else "identifier"


class Known:
    """Identifiers by their value as text. One is kept for each thing: the first answer that showed it."""

    def __init__(self) -> None:
        self._made: dict[str, list[Made]] = {}

    def learn(self, value: object, made: Made) -> None:
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            there = self._made.setdefault(str(value), [])
            if not any(one.names == made.names for one in there):
                there.append(made)

    def __contains__(self, text: str) -> bool:
        return text in self._made

    def find(self, text: str, name: str) -> Made | None:
        """Of the same name; without one any whose value is known to change, because a quantity may have the same."""
        there = self._made.get(text, [])
        named = next((made for made in there if name and name in made.names - set(_BARE)), None)
        return named or next((made for made in there if made.moved), None)

    def in_value(self, value: object, key: str = "", owner: str = "", depth: int = 0) -> object:
        """The value with Made in the places of identifiers."""
        if depth > DEEPEST:
            return value
        if isinstance(value, dict):
            return {name: self.in_value(item, str(name), key or owner, depth + 1) for name, item in value.items()}
        if isinstance(value, list):
            return [self.in_value(item, key, owner, depth + 1) for item in value]
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            return value
        name = stem(key) or (singular(owner) if owner and singular(key) in _BARE else "") or snake(key)
        made = self.find(str(value), name)
        loose = made is not None and (isinstance(value, str) or name in made.names)
        return made if loose else value

    def in_path(self, path: str) -> list[str | Made]:
        """The path with its query, in parts."""
        plain, mark, query = path.partition("?")
        parts: list[str | Made] = []
        before = ""
        for number, segment in enumerate(plain.split("/")):
            parts += ["/"] if number else []
            made = self.find(unquote(segment), before) if segment else None
            parts.append(made or segment)
            before = before if made else singular(unquote(segment)) or before
        parts += [mark] if mark else []
        for number, pair in enumerate(query.split("&") if query else []):
            key, equals, text = pair.partition("=")
            found = self.in_value(unquote(text), unquote(key))
            parts += [f"{'&' if number else ''}{key}{equals}", found if isinstance(found, Made) else text]
        return parts


def names_of(path: str, pointer: str) -> frozenset[str]:
    tokens = [token for token in keys_of(pointer) if not token.isdecimal()]
    key = tokens[-1] if tokens else "id"
    owner = singular(tokens[-2]) if len(tokens) > 1 else collection(path)
    return frozenset({snake(key), stem(key) or owner} - {""})


def chosen_by_client(request: Request, pointer: str, value: object) -> bool:
    """Whether the request itself names what its answer then shows."""
    key = (keys_of(pointer) or [""])[-1]
    body = request.body if request.body_kind in ("json", "form") else None
    sent = [(name, item) for name, _, item in walk(body)]
    sent += [(name, item) for name, item in parse_qsl(request.path.partition("?")[2])]
    sent += [("", segment) for segment in segments_of(request.path)]
    return any(str(item) == str(value) and (isinstance(value, str) or name in (key, "")) for name, item in sent)


def replaced(value: object, names: Mapping[Made, Name], depth: int = 0) -> object:
    """Every Made by the name of its variable."""
    if depth > DEEPEST:
        return value
    if isinstance(value, Made):
        return names[value]
    if isinstance(value, dict):
        return {key: replaced(item, names, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, names, depth + 1) for item in value]
    return value


def made_in(value: object, depth: int = 0) -> Iterator[Made]:
    if depth > DEEPEST:
        return
    if isinstance(value, Made):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from made_in(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from made_in(item, depth + 1)
