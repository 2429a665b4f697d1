"""Redacts secrets from everything a report holds, by name, by form, and wherever a secret once found stands again.

It does not decide what a report holds, and keeps the secrets it found only as long as one report is being made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

from selfheal.patterns import REDACTED, is_measure_name, is_secret_name, scrub_forms, scrub_named

_DROPPED_HEADERS = frozenset(("content-length", "transfer-encoding"))  # a redacted body has another length
_MAX_HEADERS = 64
_MAX_HEADER = 1000
_MAX_REMEMBERED = 60
_LARGE_NUMBER = 10**12  # shorter numbers cannot be card numbers
_BLANK_TYPES = (str, bytes, list, dict, tuple, set, frozenset)
_LITERAL = re.compile(r"""(["'])(?:(?!\1)(?:\\.|.))+\1""")
_SAID = ("name", "key", "field", "header")  # {"name": "password", "value": "…"}


class Scrubber:
    """Redaction for one report. `names` are further field names to hide, as exact names in any casing."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._remembered: set[str] = set()

    def hides(self, name: object, value: object) -> bool:
        """Whether a value of this name must not be shown. Nothing is hidden by hiding None, a flag or an empty
        value, and a crash is often caused by exactly that."""
        if type(name) is bytes:
            name = name.decode("latin-1")
        if not isinstance(name, str) or value is None or type(value) is bool:
            return False
        if type(value) in _BLANK_TYPES and not value:
            return False
        if name.lower() in self._names:
            return True
        if not is_secret_name(name):
            return False
        return not (is_measure_name(name) and (not isinstance(value, (str, bytes)) or name.lower().endswith("type")))

    def remember(self, value: object, depth: int = 0) -> None:
        """Takes note of a secret, so that `sweep` finds it again in messages, reprs and other fields."""
        if len(self._remembered) >= _MAX_REMEMBERED or depth > 3:
            return
        if type(value) is bytes:
            value = value[:2000].decode("latin-1")
        if isinstance(value, str):
            if _is_telling(value):
                self._remembered.add(value[:2000])
        elif type(value) is int:
            self.remember(str(value) if value.bit_length() < 1000 else "")
        elif type(value) is dict:
            for part in list(value.values())[:20]:
                self.remember(part, depth + 1)
        elif type(value) in (list, tuple):
            for part in value[:20]:  # type: ignore[index]
                self.remember(part, depth + 1)

    def text(self, text: str) -> str:
        """Any text: messages, string values, bodies that are not structured."""
        if len(text) < 6:
            return text
        text = scrub_forms(text, self.remember)
        return scrub_named(text, self.hides, self.remember, hinted=not self._names, code=False)

    def source(self, line: str) -> str:
        """A line of source code: literals are redacted, code is not."""
        line = scrub_forms(line, self.remember)
        if '"' not in line and "'" not in line:
            return line
        line = scrub_named(line, self.hides, self.remember, hinted=not self._names, code=True)
        return _LITERAL.sub(lambda match: match.group() if "{" in match.group() else self.text(match.group()), line)

    def octets(self, data: bytes) -> bytes:
        text = data.decode("latin-1")
        clean = self.text(text)
        return data if clean == text else clean.encode("latin-1", "replace")

    def data(self, value: Any) -> Any:
        """A value as json.loads makes it, as a redacted copy."""
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self._pair(part) if _is_pair(part) else self.data(part) for part in value]
        if isinstance(value, str):
            return self.text(value)
        if type(value) in (int, float) and abs(value) >= _LARGE_NUMBER:
            text = f"{value:.0f}" if isinstance(value, float) else str(value)
            return value if len(text) > 30 or self.text(text) == text else REDACTED
        return value

    def _object(self, value: Mapping[str, Any]) -> dict[str, Any]:
        said = next((value[key] for key in _SAID if isinstance(value.get(key), str)), None)
        clean = {}
        for key, part in value.items():
            hidden = self.hides(key, part) or (key == "value" and self.hides(said, part))
            if hidden:
                self.remember(part)
            clean[self.text(key)] = REDACTED if hidden else self.data(part)
        return clean

    def _pair(self, pair: list[Any]) -> list[Any]:
        if self.hides(pair[0], pair[1]):
            self.remember(pair[1])
            return [pair[0], REDACTED]
        return [self.data(part) for part in pair]

    def headers(self, pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """Headers as ASGI gives them; names in lower case, repeated ones joined."""
        clean: dict[str, str] = {}
        for raw_name, raw_value in pairs:
            name = bytes(raw_name).decode("latin-1").lower()
            value = bytes(raw_value[: 4 * _MAX_HEADER]).decode("latin-1")
            if name in _DROPPED_HEADERS or (name not in clean and len(clean) >= _MAX_HEADERS):
                continue
            if self.hides(name, value):
                self._remember_header(value)
                value = REDACTED
            else:
                value = (self.target(value) if name == "referer" else self.text(value))[:_MAX_HEADER]
            clean[name] = f"{clean[name]}, {value}" if name in clean and clean[name] != REDACTED else value
        return clean

    def _remember_header(self, value: str) -> None:
        self.remember(value)
        for part in re.split(r"[;,]\s*|(?<=[A-Za-z])\s+", value):  # "Bearer x", "a=1; session=x"
            self.remember(part.partition("=")[2] or part)
            self.remember(part)

    def target(self, target: str) -> str:
        """A request's path with its query string, or an address. Parts without secrets stay exactly as they were
        sent."""
        path, mark, query = target.partition("?")
        segments = path.split("/")
        for number, segment in enumerate(segments):
            # "/password-reset/<token>": what follows such a name and is long is the secret itself
            after_name = number > 0 and len(segment) >= 16 and self.hides(segments[number - 1], segment)
            segments[number] = REDACTED if after_name else segment
        path = self.text("/".join(segments))
        return path + mark + "&".join(self._parameter(part) for part in query.split("&"))

    def _parameter(self, part: str) -> str:
        name, mark, value = part.partition("=")
        plain = unquote_plus(value)
        if self.hides(unquote_plus(name), plain):
            self.remember(plain)
            return name + mark + REDACTED
        clean = self.text(plain)
        return part if clean == plain else name + mark + quote(clean, safe="[]:/@ ").replace(" ", "+")

    def fields(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """The fields of a form; a repeated name has a list."""
        clean: dict[str, Any] = {}
        for name, value in pairs:
            hidden = self.hides(name, value)
            if hidden:
                self.remember(value)
            shown = REDACTED if hidden else self.text(value)
            if name in clean:
                before = clean[name] if isinstance(clean[name], list) else [clean[name]]
                clean[name] = [*before, shown]
            else:
                clean[name] = shown
        return clean

    def sweep(self, value: Any) -> Any:
        """Replaces every secret that was found anywhere in the report in all texts of `value`."""
        if not self._remembered:
            return value
        spellings = {form for secret in self._remembered for form in _spellings(secret)}
        return _replace(value, sorted(spellings, key=len, reverse=True))


def _replace(value: Any, spellings: list[str]) -> Any:
    if isinstance(value, str):
        for spelling in spellings:
            # one alternation of all of them would hold the interpreter for seconds over a large body
            if spelling in value:
                value = re.sub(rf"(?<![A-Za-z0-9]){re.escape(spelling)}(?![A-Za-z0-9])", REDACTED, value)
        return value
    if isinstance(value, dict):
        return {key: _replace(part, spellings) for key, part in value.items()}
    if isinstance(value, list):
        return [_replace(part, spellings) for part in value]
    return value


def _spellings(secret: str) -> tuple[str, ...]:
    """As it may stand in a repr, in JSON and in an address."""
    return secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe="")


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and not isinstance(value[1], dict)


def _is_telling(value: str) -> bool:
    """Whether a secret can be looked for elsewhere without hitting ordinary words and numbers."""
    if REDACTED in value or (value.isalpha() and is_secret_name(value)):
        return False
    if value.isdigit():
        return len(value) >= 8
    if value.isalpha() and value in (value.lower(), value.title()):
        return len(value) >= 9
    return len(value) >= 6
