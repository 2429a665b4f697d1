"""Redacts secrets from everything a report holds, by name, by form, and wherever a secret once found stands again.

It does not decide what a report holds, and keeps the secrets it found only as long as one report is being made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, unquote_plus

from selfheal.patterns import REDACTED, SAID, is_measure_name, is_secret_name, scrub_forms, scrub_named

_DROPPED_HEADERS = frozenset(("content-length", "transfer-encoding"))  # a redacted body has another length
_MAX_HEADERS = 64
_MAX_HEADER = 1000
_MAX_REMEMBERED = 120  # spellings of secrets
_DEEPEST = 100  # levels of a body; what is deeper is shown as text
_LARGE_NUMBER = 12  # digits: shorter numbers cannot be card numbers
_BLANK_TYPES = (str, bytes, list, dict, tuple, set, frozenset)
_LITERAL = re.compile(r"""(["'])(?:\\.|(?!\1)[^\\])+\1""")
_WORD = re.compile("[A-Za-z0-9]")
_COMPRESSED = (b"\x1f\x8b", b"x\x01", b"x\x9c", b"x\xda", b"PK\x03\x04", b"\x28\xb5\x2f\xfd")


class Scrubber:
    """Redaction for one report. `names` are further field names to hide, as exact names in any casing; `patterns`
    are of texts to hide wherever they stand."""

    def __init__(self, names: Iterable[str] = (), patterns: Iterable[re.Pattern[str]] = ()) -> None:
        self._names = frozenset(name.lower() for name in names)
        self._patterns = tuple(patterns)
        self._remembered: set[str] = set()  # secrets, in all ways they may be written
        self._clean: set[str] = set()  # short texts that hold no secret: the same ones stand in a report many times

    def hides(self, name: object, value: object) -> bool:
        """Whether a value of this name must not be shown. Nothing is hidden by hiding None, a flag or an empty
        value, and a crash is often caused by exactly that."""
        if type(name) is bytes:
            name = name.decode("latin-1")
        if type(name) is not str or value is None or type(value) is bool:
            return False
        if type(value) in _BLANK_TYPES and not value:
            return False
        if name.lower() in self._names:
            return True
        if not is_secret_name(name):
            return False
        return not is_measure_name(name) or (type(value) in (str, bytes) and not name.lower().endswith("type"))

    def hides_number(self, text: str) -> bool:
        return (len(text) >= _LARGE_NUMBER or bool(self._patterns)) and self.text(text) != text

    @staticmethod
    def names(parts: Iterable[Any], *, keyed: bool, pair: bool) -> list[Any]:
        """The name of each part of a container. Of a mapping its key, or what the mapping itself says is the name of
        its "value"; in a pair the first names the second, and in any list an option what follows it."""
        if keyed:
            said = next((part for key, part in parts if key in SAID and type(part) is str), "")
            return [said or key if key == "value" else key for key, _ in parts]
        before = [None, *parts]
        return [one if pair or (type(one) is str and one.startswith("-")) else None for one in before[:-1]]

    def remember(self, value: object, depth: int = 0) -> None:
        """Takes note of a secret, so that `sweep` finds it again in messages, reprs and other fields."""
        if len(self._remembered) >= _MAX_REMEMBERED or depth > 3:
            return
        if type(value) is bytes:
            value = value[:2000].decode("latin-1")
        elif type(value) is int:
            value = str(value) if value.bit_length() < 1000 else ""
        if type(value) is str and _is_telling(value):
            secret = value[:2000]
            self._remembered.add(secret)
            self._remembered.update((repr(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, "", errors="replace")))
        elif type(value) in (dict, list, tuple):
            for part in list(value.values() if type(value) is dict else value)[:20]:  # type: ignore[call-overload]
                self.remember(part, depth + 1)

    def text(self, text: str) -> str:
        """Any text: messages, string values, bodies that are not structured."""
        if text in self._clean:
            return text
        clean = self._without_patterns(text)
        if len(clean) >= 6:
            clean = scrub_forms(clean, self.remember)
            clean = scrub_named(clean, self.hides, self.remember, hinted=not self._names, code=False)
        if clean == text and len(text) < 500 and len(self._clean) < 2000:
            self._clean.add(text)
        return clean

    def _without_patterns(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub(lambda match: REDACTED if match[0] else "", text)
        return text

    def source(self, line: str) -> str:
        """A line of source code: literals are redacted, code is not."""
        line = scrub_forms(self._without_patterns(line), self.remember)
        if '"' not in line and "'" not in line:
            return line
        line = scrub_named(line, self.hides, self.remember, hinted=not self._names, code=True)
        return _LITERAL.sub(lambda match: match.group() if "{" in match.group() else self.text(match.group()), line)

    def octets(self, data: bytes) -> bytes:
        """What is compressed could carry a secret past the redaction, and does not travel."""
        if data.startswith(_COMPRESSED):
            return REDACTED.encode()
        text = data.decode("latin-1")
        clean = self.text(text)
        return data if clean == text else clean.encode("latin-1", "replace")

    def data(self, value: Any, name: Any = None, *, inside: bool = False, depth: int = 0) -> Any:
        """A value as json.loads makes it, of this name, as a redacted copy. `inside` of a list, where a list of two may
        be a name and its value. Raises RecursionError where it is too deep."""
        if depth > _DEEPEST:
            raise RecursionError
        if self.hides(name, value):
            self.remember(value)
            return REDACTED
        if isinstance(value, dict):
            named = zip(self.names(value.items(), keyed=True, pair=False), value.items())
            return {self.text(key): self.data(part, name, depth=depth + 1) for name, (key, part) in named}
        if isinstance(value, list):
            names = self.names(value, keyed=False, pair=inside and len(value) == 2)
            return [self.data(part, name, inside=True, depth=depth + 1) for name, part in zip(names, value)]
        if isinstance(value, str):
            return self.text(value)
        if type(value) in (int, float) and self.hides_number(f"{value:.0f}" if type(value) is float else str(value)):
            return REDACTED
        return value

    def headers(self, pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        """Headers as ASGI gives them; names in lower case, repeated ones joined."""
        clean: dict[str, str] = {}
        for raw_name, raw_value in pairs:
            name = raw_name[:_MAX_HEADER].decode("latin-1").lower()
            value = raw_value[: 4 * _MAX_HEADER].decode("latin-1")
            if name in _DROPPED_HEADERS or (name not in clean and len(clean) >= _MAX_HEADERS):
                continue
            if self.hides(name, value):
                self.remember(value)
                for part in re.split(r"[;,]\s*|(?<=[A-Za-z])\s+", value):  # "Bearer x", "a=1; session=x"
                    self.remember(part.partition("=")[2] or part)
                    self.remember(part)
                value = REDACTED
            else:
                value = (self.target(value) if name == "referer" else self.text(value))[:_MAX_HEADER]
            clean[name] = f"{clean[name]}, {value}" if name in clean and clean[name] != REDACTED else value
        return clean

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
        clean = self.data(plain, unquote_plus(name))
        return part if clean == plain else name + mark + quote(clean, safe="[]:/@ ").replace(" ", "+")

    def fields(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """The fields of a form; a repeated name has a list."""
        clean: dict[str, list[str]] = {}
        for name, value in pairs:
            clean.setdefault(self.text(name), []).append(self.data(value, name))
        return {name: values if len(values) > 1 else values[0] for name, values in clean.items()}

    def sweep(self, value: Any) -> Any:
        """Replaces every secret that was found anywhere in the report in all texts of `value`."""
        if not self._remembered and not self._patterns:
            return value
        return self._replace(value, sorted(self._remembered, key=len, reverse=True))

    def _replace(self, value: Any, spellings: list[str]) -> Any:
        if isinstance(value, str):
            for spelling in spellings:
                value = _swept(value, spelling)
            return self._without_patterns(value)
        if isinstance(value, dict):
            return {self._replace(key, spellings): self._replace(part, spellings) for key, part in value.items()}
        if isinstance(value, list):
            return [self._replace(part, spellings) for part in value]
        return value


def _swept(text: str, secret: str) -> str:
    """Without the secret, except inside of words. No pattern: over a large body one can hold the interpreter for
    seconds."""
    parts = text.split(secret)
    done = parts[:1]
    for before, after in zip(parts, parts[1:]):
        inside = _WORD.match(before[-1:]) or _WORD.match(after)
        done += (secret if inside else REDACTED), after
    return "".join(done)


def _is_telling(value: str) -> bool:
    """Whether a secret can be looked for elsewhere without hitting ordinary words and numbers."""
    if REDACTED in value or (value.isalpha() and is_secret_name(value)):
        return False
    if value.isdigit():
        return len(value) >= 8
    if value.isalpha() and value in (value.lower(), value.title()):
        return len(value) >= 9
    return len(value) >= 6
