"""Recognises secrets: names of fields that hold one, and texts that have the form of one.

It does not walk structures and keeps nothing between calls; `scrub` does that.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

REDACTED = "[redacted]"

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_SECRET_NAME = re.compile(
    r"""
    pass_?(?:word|wd|phrase|code)|pwd|(?:^|_)(?:pw|pass)(?:$|_)
    |secret(?!ar)
    |token(?:s?(?:$|_|[0-9])|id|key|val|str)
    |authori[sz]ation|(?:^|_)auth(?:$|_(?:key|code|header|data|info|string))|authkey|authcode
    |cookie|credential|(?:^|_)creds?(?:$|_)
    |(?:api|access|private|secret|signing|encryption|master|ssh|account|shared|admin|auth|session|security|webhook
        |selfheal|hmac|aes|rsa)_?keys?(?:$|_|[0-9])
    |bearer|jwt|csrf|xsrf
    |(?:^|_)(?:t?otp|mfa|pin|cvv2?|cvc2?|csc|sid|ssn|iban|dsn|pan)(?:$|_(?:code|number|value|no)$)
    |security_?code|cvvcode|social_?security|connection_?string
    |(?:card|cc|pan)_?(?:num(?:ber)?|no|nr)(?:$|_|[0-9])|(?:credit|debit)_?card(?:$|_?n)
    |sess(?:ion)?_?id(?:$|_|[0-9])|(?:^|_)sig(?:$|_)|amz_signature
    """,
    re.VERBOSE,
)
# Measures and kinds of secrets ("max_tokens", "token_type") are no secrets as long as they are not text.
_MEASURE = re.compile(
    r"(?:^|_)(?:max|min|num|total|count|limit|used|usage|length|len|size|type|ttl|policy|budget|per|age|expir[a-z]*)(?:_|$)"
)


def _spellings(name: str) -> tuple[str, str]:
    split = _SEPARATORS.sub("_", _WORDS.sub("_", name).lower()).strip("_")
    plain = _SEPARATORS.sub("_", name.lower()).strip("_")
    return split, plain


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a field, header, parameter or variable of this name is taken to hold a secret, in any casing."""
    return any(_SECRET_NAME.search(spelling) for spelling in _spellings(name[:200]))


@lru_cache(maxsize=1024)
def is_measure_name(name: str) -> bool:
    return bool(_MEASURE.search(_spellings(name[:200])[0]))


_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*-----|\Z)", re.DOTALL
)
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,4}")
_VENDOR = re.compile(
    r"""(?<![A-Za-z0-9])(?:
    (?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{8,} | sk-[A-Za-z0-9_-]{16,} | whsec_[A-Za-z0-9+/=]{8,}
    | (?:AKIA|ASIA)[0-9A-Z]{16} | gh[opsur]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{16,}
    | xox[abeoprs]-[A-Za-z0-9-]{8,} | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{16,}
    | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{8,}
    | npm_[A-Za-z0-9]{30,} | pypi-AgE[A-Za-z0-9_-]{16,} | hf_[A-Za-z0-9]{30,} | shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{20,}
    | dop_v1_[a-f0-9]{32,} | sq0(?:atp|csp)-[A-Za-z0-9_-]{16,}
    )""",
    re.VERBOSE,
)
_USER_AT = re.compile(r"(?i)(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}://)([^\s/?#'\"<>]{0,500})@")
# A database password may hold a slash; in web addresses the same text would be a path.
_DATABASE_USER_AT = re.compile(
    r"(?i)(?<![a-z0-9+.-])((?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|redis|rediss|amqps?|mongodb)(?:\+[a-z0-9_]+)?://)"
    r"([^\s:/@'\"]{0,200}:[^\s'\"<>]{0,300})@"
)
_HEADER_LINE = re.compile(
    r"(?i)(?<![\w-])((?:proxy-)?authorization|(?:set-)?cookie)(?P<mark>\\*[\"']?\s*[:=]\s*b?(?P<quote>\\*[\"'])?)"
    r"(?!null|true|false|None)(?P<value>(?(quote)[^\r\n\"'\\]+|[^\r\n]+))"
)
_BEARER = re.compile(r"(?i)\b(bearer)(\s+|%20)(?!(?:tokens?|auth\w*|scheme|realm|format)\b)([A-Za-z0-9._~+/=:-]{6,})")
_BASIC = re.compile(r"(?i)\b(basic)(\s+|%20)([A-Za-z0-9+/_-]{6,}={0,2})")
_PROSE = re.compile(
    r"(?i)\b(pass(?:word|wd|phrase|code)|secret|token|api[ _-]?key|credentials?)(\s+(?:(?:is|was|of)\s+)?)"
    r"(?:([\"'])([^\"']{6,})\3|((?=[^\s,;]*[0-9])[^\s,;\"']{6,}))"
)
_CARD = re.compile(
    r"""(?<![0-9A-Za-z])(?<![0-9][.-])(?:
    3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}
    | (?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|64[4-9][0-9]|65[0-9]{2}|35[0-9]{2})(?:[ -]?[0-9]{4}){3}
    | 3(?:0[0-5]|[68][0-9])[0-9][ -]?[0-9]{6}[ -]?[0-9]{4}
    )(?![0-9A-Za-z])""",
    re.VERBOSE,
)
_NAMED = re.compile(
    r"""(?:
    (?<!\\)(?P<quote>\\*["'])(?P<quoted>[^"'\\\r\n]{1,128})(?P=quote)
    | (?<![\w.\-])(?:--?)?(?P<bare>[A-Za-z_][\w.\-]{0,127})
    )(?:(?P<sep>\]?\s*(?:=>|==?|:=?)\s*)|(?P<comma>(?(quote)\s*,\s*|(?!))))""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"""[bBrRuUfF]{0,2}(\\*["'])((?:(?!\1)(?:\\.|.))*)(?:\1)?""", re.DOTALL)
_BARE = re.compile(r"[A-Za-z_][\w.]*\([^)]*\)?|\[[^\]]*\]?|\{[^}]*\}?|[^\s,;&\"'}\])]+")
_ANNOTATION = re.compile(r"[A-Za-z_][\w.\[\]| ]*=\s*(?=[bBrRuUfF]{0,2}[\"'])")
# Most texts hold no secret. Looking for these parts first is ten times faster than running the patterns.
_NAME_PARTS = tuple(
    "pass pw secret token auth cookie cred key bearer jwt csrf xsrf otp mfa pin cvv cvc csc sid ssn iban dsn pan card "  # noqa: SIM905
    "cc code sess connection security sig".split()
)
_VENDOR_PARTS = tuple(
    "sk_ pk_ rk_ sk- whsec_ akia asia ghp_ gho_ ghs_ ghu_ ghr_ github_pat_ glpat- xox aiza ya29. sg. npm_ pypi- "  # noqa: SIM905
    "hf_ shp dop_v1_ sq0".split()
)
_PROSE_PARTS = ("pass", "secret", "token", "api", "credential")
_LONG_NUMBER = re.compile(r"[0-9][0-9 -]{11,}[0-9]")
_EMPTY = frozenset(("", "None", "null", "True", "False", "true", "false", "[]", "{}", REDACTED, "[redacted"))


def is_card_number(text: str) -> bool:
    """Luhn's check over the digits of `text`."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def scrub_forms(text: str, note: Callable[[str], None]) -> str:
    """Replaces what has the form of a secret, wherever it stands; `note` gets each one."""
    lowered = text.lower()
    if "private key" in lowered:
        text = _PRIVATE_KEY.sub(REDACTED, text)
    if "://" in text:
        text = _DATABASE_USER_AT.sub(lambda match: _without_password(match, note), text)
        text = _USER_AT.sub(lambda match: _without_password(match, note), text)
    if "eyj" in lowered:
        text = _JWT.sub(REDACTED, text)
    if _any_of(_VENDOR_PARTS, lowered):
        text = _VENDOR.sub(lambda match: _noted(match.group(), note), text)
    if "authorization" in lowered or "cookie" in lowered:
        text = _HEADER_LINE.sub(lambda match: match[1] + match["mark"] + _noted(match["value"], note), text)
    if "bearer" in lowered:
        text = _BEARER.sub(lambda match: match[1] + match[2] + _noted(match[3], note), text)
    if "basic" in lowered:
        text = _BASIC.sub(lambda match: _without_basic(match, note), text)
    if _any_of(_PROSE_PARTS, lowered):
        text = _PROSE.sub(lambda match: match[1] + match[2] + _noted(match[4] or match[5], note), text)
    if _LONG_NUMBER.search(text):
        text = _CARD.sub(lambda match: REDACTED if is_card_number(match.group()) else match.group(), text)
    return text


def _any_of(parts: Iterable[str], lowered: str) -> bool:
    return any(part in lowered for part in parts)


def _noted(secret: str, note: Callable[[str], None]) -> str:
    if secret != REDACTED:
        note(secret)
    return REDACTED


def _without_password(match: re.Match[str], note: Callable[[str], None]) -> str:
    scheme, user = match.group(1), match.group(2)
    name, colon, password = user.partition(":")
    if not user or REDACTED in user:
        return match.group()
    if not colon:  # http://<key>@host, the form of a DSN
        return f"{scheme}{_noted(name, note)}@"
    return f"{scheme}{name}:{_noted(password, note)}@" if password else match.group()


def _without_basic(match: re.Match[str], note: Callable[[str], None]) -> str:
    """Only what decodes to "user:password": "basic information" is prose."""
    coded = match.group(3)
    try:
        plain = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return match.group()
    return match.group(1) + match.group(2) + _noted(coded, note) if b":" in plain else match.group()


def scrub_named(
    text: str, hides: Callable[[str, object], bool], note: Callable[[str], None], *, hinted: bool, code: bool
) -> str:
    """Replaces values of secret names in text: `name=value`, `"name": "value"`, `('name', 'value')`.

    With `hinted` the built-in names are the only ones, so a text that holds none of their parts is returned at
    once. With `code` the text is source code, where only quoted values are values: in `token = read()` nothing is
    replaced.
    """
    if hinted and not _any_of(_NAME_PARTS, text.lower()):
        return text
    done: list[str] = []
    start = position = 0
    while True:
        match = _NAMED.search(text, position)
        if match is None:
            break
        position = match.end()
        name = match["quoted"] or match["bare"]
        if not hides(name, "?"):
            continue
        if code:
            annotation = _ANNOTATION.match(text, position)
            position = annotation.end() if annotation else position
        found = _value_at(text, position, code=code, listed=match.group("comma") is not None)
        if found is None:
            continue
        opening, value, closing, end = found
        if value in _EMPTY or (_is_number(value) and not hides(name, 0)):
            continue
        note(value)
        done.append(text[start:position] + opening + REDACTED + closing)
        start = position = max(end, position + 1)
    return "".join(done) + text[start:] if done else text


def _value_at(text: str, position: int, *, code: bool, listed: bool) -> tuple[str, str, str, int] | None:
    """(opening quote, value, closing quote, end) of the value that begins at `position`."""
    quoted = _QUOTED.match(text, position)
    if quoted is not None:
        value = quoted.group(2)
        if listed and code and len(value) < 12 and not any(character.isdigit() for character in value):
            return None  # a tuple of names such as ("password", "email")
        closing = quoted.group(1) if quoted.group().endswith(quoted.group(1)) else ""
        opening = text[position : quoted.start(2)]
        return opening, value, closing, quoted.end()
    if code or listed:
        return None
    bare = _BARE.match(text, position)
    return ("", bare.group(), "", bare.end()) if bare else None


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()
