"""Recognises secrets: names of fields that hold one, and texts that have the form of one.

It does not walk structures and keeps nothing between calls; `scrub` does that.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import lru_cache

REDACTED = "[redacted]"
_NAME = 200  # characters of a name that are looked at
_SHOWN = 300  # characters of a value that may be the name of another
SAID = ("name", "key", "field", "header")  # {"name": "password", "value": "…"}

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_SECRET_NAME = re.compile(
    r"""
    pass_?(?:wor[dt]|wd|phrase|code)|pwd|(?:^|_)(?:pw|pass)(?:$|_)|kennwort|senha|contrase|mot_de_passe
    |secret(?!ar)|mnemonic|seed_?phrase|(?:recovery|backup)_?(?:code|phrase)
    |token(?:s?(?:$|_|[0-9])|id|key|val|str)
    |authori[sz]ation|(?:^|_)auth(?:$|_(?:key|code|header|data|info|string))|authkey|authcode
    |cookie|credential|(?:^|_)creds?(?:$|_)
    |(?:api|access|private|secret|signing|encryption|master|ssh|account|shared|admin|auth|session|security|webhook
        |selfheal|hmac|aes|rsa|merchant|licen[cs]e|subscription|consumer|client|app|server|service|deploy)_?keys?(?:$|_|[0-9])
    |bearer|jwt|csrf|xsrf|code_?verifier|client_?assertion|saml_?response
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
def _kinds(name: str) -> tuple[bool, bool]:
    spellings = _spellings(name)
    return any(_SECRET_NAME.search(spelling) for spelling in spellings), bool(_MEASURE.search(spellings[0]))


def is_secret_name(name: str) -> bool:
    """Whether a field, header, parameter or variable of this name is taken to hold a secret, in any casing."""
    return _kinds(name[:_NAME])[0]


def is_measure_name(name: str) -> bool:
    return _kinds(name[:_NAME])[1]


# In turn: parts of which a text must have one, in lower case, and a pattern with the secret as its last group. Most
# texts hold no secret: looking for the parts first is ten times faster than running the patterns.
_FORMS = (
    "private key",
    r"(?s)(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*-----|\Z))",
    "://",  # A database password may hold a slash; in web addresses the same text would be a path.
    r"(?i)(?<![a-z0-9+.-])(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|rediss?|amqps?|mongodb)(?:\+[a-z0-9_]+)?://"
    r"[^\s:/@'\"]{0,200}:([^\s'\"<>]{1,300})@",
    "://",
    r"(?i)(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://(?:[^\s/?#'\"<>:]{0,200}:)?([^\s/?#'\"<>]{0,500}[^\s/?#'\"<>:])@",
    "eyj",
    r"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,4})",
    "sk_|pk_|rk_|sk-|whsec_|akia|asia|ghp_|gho_|ghs_|ghu_|ghr_|github_pat_|glpat-|xox|aiza|ya29.|sg.|npm_|pypi-"
    "|hf_|shp|dop_v1_|sq0|hooks.|webhooks/|/bot|$2|$argon|$1$|$5$|$6$|pbkdf2_|ls0tls1crudjti",
    r"""(?x)(?<![A-Za-z0-9])(
    (?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{8,} | sk-[A-Za-z0-9_-]{16,} | whsec_[A-Za-z0-9+/=]{8,}
    | (?:AKIA|ASIA)[0-9A-Z]{16} | gh[opsur]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,}
    | glpat-[A-Za-z0-9_-]{16,} | xox[abeoprs]-[A-Za-z0-9-]{8,} | AIza[A-Za-z0-9_-]{30,}
    | ya29\.[A-Za-z0-9_-]{16,} | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{8,} | npm_[A-Za-z0-9]{30,}
    | pypi-AgE[A-Za-z0-9_-]{16,} | hf_[A-Za-z0-9]{30,} | shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{20,}
    | dop_v1_[a-f0-9]{32,} | sq0(?:atp|csp)-[A-Za-z0-9_-]{16,} | (?<=/hooks\.slack\.com/)[a-z]{3,20}/[\w/]{20,}
    | (?<=/webhooks/)[0-9]{10,}/[\w-]{30,} | bot[0-9]{6,}:[\w-]{30,}
    | \$(?:2[abxy]|argon2\w{0,2}|[156])\$[\w./$+=,-]{20,} | pbkdf2_sha[0-9]+\$[\w./$+=,-]{20,}  # hashes of passwords
    | LS0tLS1CRUdJTi[\w+/=]{10,}  # a PEM, coded once more
    )""",
    "authorization|cookie",
    r"(?i)(?<![\w-])(?:(?:proxy-)?authorization|(?:set-)?cookie)\\*[\"']?\s*[:=]\s*b?(?P<quote>\\*[\"'])?"
    r"(?!null|true|false|None)((?(quote)[^\r\n\"'\\]+|[^\r\n]+))",
    "bearer",
    r"(?i)\bbearer(?:\s+|%20)(?!(?:tokens?|auth\w*|scheme|realm|format)\b)([A-Za-z0-9._~+/=:-]{6,})",
    "basic",
    r"(?i)\bbasic(?:\s+|%20)([A-Za-z0-9+/_-]{6,}={0,2})",
    "pass|secret|token|api|credential",
    r"(?i)\b(?:pass(?:word|wd|phrase|code)|secret|token|api[ _-]?key|credentials?)\s+(?:(?:is|was|of)\s+)?"
    r"(?P<mark>[\"'])?((?(mark)[^\"']{6,}(?=(?P=mark))|(?=[^\s,;]*[0-9])[^\s,;\"']{6,}))",
    "failing row",
    r"(?i)failing row contains \(([^\r\n]+)",
)
_FORM_PATTERNS = [(_FORMS[at].split("|"), re.compile(_FORMS[at + 1])) for at in range(0, len(_FORMS), 2)]
_CARD = re.compile(
    r"""(?<![0-9A-Za-z])(?<![0-9][.-])(
    3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}
    | (?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6011|64[4-9][0-9]|65[0-9]{2}|35[0-9]{2})(?:[ -]?[0-9]{4}){3}
    | 3(?:0[0-5]|[68][0-9])[0-9][ -]?[0-9]{6}[ -]?[0-9]{4}
    )(?![0-9A-Za-z])""",
    re.VERBOSE,
)
_LONG_NUMBER = re.compile(r"[0-9][0-9 -]{11,}[0-9]")

_NAMED = re.compile(
    r"""(?:
    (?<!\\)(?P<quote>\\*["'])(?P<quoted>[^"'\\\r\n]{1,128})(?P=quote)
    | (?<![\w.\-])(?P<dash>--?)?(?P<bare>[A-Za-z_][\w.\-]{0,127})
    )(?:(?P<sep>\]?\s*(?:=>|==?|:=?)\s*(?:[|>][+-]?[ ]*\r?\n\s*)?)  # a bar: what follows is a block of YAML
    | (?P<comma>(?(quote)\s*,\s*|(?!))) | (?P<space>(?(dash)\s+(?=[^\s-])|(?!))))""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"""[bBrRuUfF]{0,2}(\\*["'])((?:(?!\1)(?:\\.|.))*)(?:\1)?""", re.DOTALL)
_BARE = re.compile(r"[A-Za-z_][\w.]*\([^)]*\)?|\[[^\]]*\]?|\{[^}]*\}?|[^\s,;&\"'}\])]+")
_LINE = re.compile(r"[^\r\n]+")
_INDENT = re.compile(r"(?:^|(?<=\n))[ \t]{0,60}(?:- |export |set )?$")
_ANNOTATION = re.compile(r"[A-Za-z_][\w.\[\]| ]*=\s*(?=[bBrRuUfF]{0,2}[\"'])")
_ELEMENT = re.compile(
    r"<(?:[\w.-]{1,60}:)?([\w.-]{1,128})(?:\s[^<>]{0,500})?>(?:<!\[CDATA\[)?([^<>]{1,5000})(?=[\]>]{0,3}</)"
)
_VALIDATION = re.compile(  # a ValidationError of pydantic
    r"(?m)^(?:[\w.]{0,200}\.)?(\w{1,100})\r?\n[^\r\n]{0,500}?input_value=([^\r\n]{1,500}?)(?=, input_type=)"
)
_POSITIONAL = re.compile(r"(?i)\bvalues\s*\(|\[parameters:\s*[\[(]")
# None of its texts need end: where one may fail at the end, many of them take the square of the time.
_SQL_TEXT = re.compile(r"'((?:[^'\\]|\\.|'')*)'?|\"((?:[^\"\\]|\\.)*)\"?", re.DOTALL)
_NAME_PARTS = tuple(
    "pass pw secret token auth cookie cred key bearer jwt csrf xsrf otp mfa pin cvv cvc csc sid ssn iban dsn pan card "  # noqa: SIM905
    "cc code sess connection security sig kennwort senha contrase mot mnemonic seed".split()
)
_EMPTY = frozenset(("", "None", "null", "True", "False", "true", "false", "[]", "{}", REDACTED, "[redacted"))


def is_card_number(text: str) -> bool:
    """Luhn's check over the digits of `text`."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def scrub_forms(text: str, note: Callable[[str], None]) -> str:
    """Replaces what has the form of a secret, wherever it stands; `note` gets each one."""

    def hide(match: re.Match[str]) -> str:
        secret = match[match.lastindex or 0]
        return match[0] if REDACTED in secret or not _is_one(match, secret) else _without(match, secret, note)

    lowered = text.lower()
    for parts, pattern in _FORM_PATTERNS:
        if any(part in lowered for part in parts):
            text = pattern.sub(hide, text)
    return _CARD.sub(hide, text) if _LONG_NUMBER.search(text) else text


def _without(match: re.Match[str], secret: str, note: Callable[[str], None]) -> str:
    """The match, its last group replaced."""
    note(secret)
    begin, end = (edge - match.start() for edge in match.span(match.lastindex or 0))
    return match[0][:begin] + REDACTED + match[0][end:]


def _is_one(match: re.Match[str], secret: str) -> bool:
    if match.re is _CARD:
        return is_card_number(secret)
    if match[0][:5].lower() != "basic":
        return True
    try:  # only what decodes to "user:password": "basic information" is prose
        return b":" in base64.b64decode(secret + "=" * (-len(secret) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return False


def scrub_named(
    text: str, hides: Callable[[str, object], bool], note: Callable[[str], None], *, hinted: bool, code: bool
) -> str:
    """Replaces values of secret names in text: `name=value`, `"name": "value"`, `('name', 'value')`, `--name value`,
    `<name>value</name>`, and texts of an SQL statement that speaks of such a column.

    With `hinted` the built-in names are the only ones, so a text that holds none of their parts is returned at
    once. With `code` the text is source code, where only quoted values are values: in `token = read()` nothing is
    replaced.
    """
    lowered = text.lower()
    if hinted and not any(part in lowered for part in _NAME_PARTS):
        return text

    def hide(match: re.Match[str]) -> str:
        shown = match[2] in _EMPTY or not hides(match[1], match[2])
        return match[0] if shown else _without(match, match[2], note)

    if "</" in text:
        text = _ELEMENT.sub(hide, text)
    if "input_value=" in text:
        text = _VALIDATION.sub(hide, text)
    positional = _POSITIONAL.search(text)
    if positional and any(hides(word, "?") for word in re.findall(r"\w+", text[: positional.start()][-4000:])):
        head, rest = text[: positional.end()], text[positional.end() :]
        text = head + _SQL_TEXT.sub(
            lambda match: _without(match, match[match.lastindex or 0], note) if match[0] != "''" else match[0], rest
        )

    done: list[str] = []
    start = position = 0
    said = ""
    while match := _NAMED.search(text, position):
        position = match.end()
        name = match["quoted"] or match["bare"]
        if code:
            annotation = _ANNOTATION.match(text, position)
            position = annotation.end() if annotation else position
        names_another = not code and name.lower() in SAID
        name = said if said and name.lower() == "value" else name
        secret = hides(name, "?")
        if not secret and not names_another:
            continue
        # What is not replaced is read again, so only the beginning of it is looked at.
        end = len(text) if secret else position + _SHOWN
        found = _value_at(text, match, position, end, code=code)
        value = found[found.lastindex or 0] if found else ""
        said = value if names_another else said
        is_number = value.replace(".", "", 1).lstrip("-").isdigit()
        if found is None or value in _EMPTY or not hides(name, 0 if is_number else "?"):
            continue
        done.append(text[start : found.start()] + _without(found, value, note))
        start = position = max(found.end(), position + 1)
    return "".join(done) + text[start:] if done else text


def _value_at(text: str, match: re.Match[str], position: int, end: int, *, code: bool) -> re.Match[str] | None:
    """The value that begins at `position`, before `end`, as the last group, or all, of a match."""
    quoted = _QUOTED.match(text, position, end)
    if match["comma"] and quoted and code and len(quoted[2]) < 12 and not re.search("[0-9]", quoted[2]):
        return None  # a tuple of names such as ("password", "email")
    if quoted or code or match["comma"]:
        return quoted
    # In a file of settings a value goes on to the end of its line.
    begin, bare = match.start(), match["bare"]
    of_file = bare and (bare.isupper() or "\n" in text[max(0, begin - 2000) : begin + 2000])
    alone = of_file and _INDENT.search(text[max(0, begin - 80) : begin])
    return (_LINE if alone else _BARE).match(text, position, end)
