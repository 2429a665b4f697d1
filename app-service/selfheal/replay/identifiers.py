"""Maps identifiers that were recorded to those a replay produced for the same things.

A fresh database numbers from 1, a random number is another each time: what an earlier answer called 57, and the replay
calls 1, is replaced in the requests that follow. Texts are replaced wherever a whole path segment, query or form value,
header or JSON value equals them. Numbers are replaced in path segments and under keys that name the same thing
(`order_id` for an `id` that POST /orders returned), because a quantity may have the same value. It does not guess: what
no answer showed stays as it was recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode

_WORDS = (
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
_GENERIC = frozenset(_WORDS)
_SUFFIX = re.compile(rf"_(?:{'|'.join(_WORDS)})s?$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SCALARS = (int, str)


@dataclass(frozen=True)
class _Mapped:
    recorded: int | str
    replayed: int | str
    names: frozenset[str]  # what the identifier is called, and what it identifies: {"id", "order"}


def _snake(name: str) -> str:
    return _CAMEL.sub("_", name).replace("-", "_").lower()


def _singular(name: str) -> str:
    name = _snake(name)
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _stem(key: str) -> str | None:
    """What a key identifies: "order" for order_id and orderId; None for a bare id and for other keys."""
    name = _snake(key)
    stem = _SUFFIX.sub("", name)
    return _singular(stem) if stem != name else None


def _resource(path: str) -> str | None:
    """The collection a path names last: "line" for /carts/7/lines and for /carts/7/lines/3."""
    words = [part for part in path.partition("?")[0].split("/") if part and not any(c.isdigit() for c in part)]
    return _singular(words[-1]) if words else None


def resolve(document: object, pointer: str) -> object:
    """RFC 6901; None where it leads nowhere."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(key)
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document


class Identifiers:
    def __init__(self) -> None:
        self._known: dict[str, list[_Mapped]] = {}

    def learn(self, path: str, recorded: Mapping[str, object], replayed: Mapping[str, object]) -> None:
        """Both: JSON pointer → value; in the answer that was recorded for `path`, and in the replayed one."""
        for pointer, old in recorded.items():
            new = replayed.get(pointer)
            if isinstance(old, bool) or isinstance(new, bool):
                continue
            if not isinstance(old, _SCALARS) or not isinstance(new, _SCALARS):
                continue
            tokens = [token for token in pointer.split("/")[1:] if not token.isdigit()]
            key = tokens[-1] if tokens else "id"
            owner = _singular(tokens[-2]) if len(tokens) > 1 else _resource(path)
            stem = _stem(key)
            names = {_snake(key), stem if stem else owner or ""} - {""}
            self._known.setdefault(str(old), []).append(_Mapped(old, new, frozenset(names)))

    def _choose(self, text: str, name: str | None, *, named_only: bool) -> _Mapped | None:
        """The newest of the same name; without one the newest at all, unless the name is required."""
        known = self._known.get(text, [])
        for mapped in reversed(known):
            if name is not None and name in mapped.names - _GENERIC:
                return mapped
        if named_only:
            return None
        return known[-1] if known else None

    def path(self, path: str) -> str:
        """Of a path with or without a query, percent-encoded as it was."""
        plain, mark, query = path.partition("?")
        segments = plain.split("/")
        before: str | None = None
        for position, segment in enumerate(segments):
            text = unquote(segment)
            mapped = self._choose(text, before, named_only=False)
            if mapped is not None:
                segments[position] = quote(str(mapped.replayed), safe="")
            else:
                before = _singular(text) if text else before
        if mark:
            pairs = parse_qsl(query, keep_blank_values=True)
            changed = [(key, self._value_text(value, key)) for key, value in pairs]
            query = urlencode(changed) if changed != pairs else query
        return "/".join(segments) + mark + query

    def _value_text(self, text: str, key: str | None) -> str:
        changed = self.value(text, key)
        return changed if isinstance(changed, str) else text

    def value(self, value: object, key: str | None = None, owner: str | None = None) -> object:
        """Any JSON value; `key`: the key it stands under, `owner`: the key of the object that has that key."""
        if isinstance(value, dict):
            return {name: self.value(item, name, key or owner) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, key, owner) for item in value]
        if isinstance(value, bool) or not isinstance(value, _SCALARS):
            return value
        mapped = self._mapped(value, key, owner)
        if mapped is None:
            return value
        return str(mapped.replayed) if isinstance(value, str) else mapped.replayed

    def _mapped(self, value: int | str, key: str | None, owner: str | None) -> _Mapped | None:
        text = str(value)
        stem = _stem(key) if key else None
        if stem is None and key and owner and _singular(key) in _GENERIC:
            stem = _singular(owner)
        named = self._choose(text, stem, named_only=True) if stem else None
        if named is None and key:
            named = self._choose(text, _snake(key), named_only=True)
        if named is not None or isinstance(value, int):
            return named
        candidates = [mapped for mapped in self._known.get(text, []) if isinstance(mapped.recorded, str)]
        return candidates[-1] if candidates else None
