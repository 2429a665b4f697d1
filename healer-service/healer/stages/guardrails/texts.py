"""Rules about the text of a change in whatever language: hidden characters, silenced checkers, licences, templates.

It reads no syntax.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from healer.model import Change, Finding
from healer.stages.guardrails.lines import Lines
from healer.stages.guardrails.rules import finding

_LONGEST_LINE = 400
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(n) for n in range(0xFE00, 0xFE10)}
_SILENCERS = re.compile(
    r"#\s*(?:flake8:\s*|ruff:\s*|pylama:\s*)?("
    r"noqa\b(?::\s*[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)?|nosec\b|nosemgrep|nosem\b|"
    r"noinspection|nopep8|nopycln|NOSONAR|NOLINT|lgtm\b|skipcq"
    r"|type:\s*ignore(?:\[[^\]]*\])?|pragma:\s*(?:no\s*(?:cover|branch)|allowlist)|pylint:\s*(?:disable|skip)[^#]*"
    r"|(?:pyright|mypy|pytype|pyre)[-:]\s*\S+|pyre-(?:ignore|fixme)|fmt:\s*(?:off|skip)|"
    r"yapf:\s*disable|isort:\s*skip|bandit:\s*\S+|ruff:\s*noqa|gitleaks:allow|"
    r"coverage:\s*ignore)"
    r"|\{#-?\s*(?:djlint:off|nosec)|<!--\s*(?:htmlhint|eslint|nosemgrep)|(?:eslint|stylelint)-disable|@no_type_check",
    re.IGNORECASE,
)
_OWNED = re.compile(r"SPDX-|copyright|\(c\)\s*\d{4}|all rights reserved|licensed under", re.IGNORECASE)
_TEMPLATE = re.compile(
    (
        r"\|\s*safe\b|\bautoescape\s+(?:false|off)|%autoescape|\|\s*n\b\s*\}|\{!!|\{\{\{|v-html|"
        r"innerHTML|<%-|<script|\bon(?:error|load|click)\s*="
    ),
    re.IGNORECASE,
)
_ESCAPES = re.compile(r"\|\s*(?:e|escape|forceescape|striptags|urlencode|tojson)\b|\bautoescape\b", re.IGNORECASE)
_TEMPLATES = (".html", ".htm", ".xml", ".jinja", ".jinja2", ".j2", ".tmpl", ".mako", ".svg", ".txt", ".js")


def about_text(change: Change, lines: Lines) -> Iterator[Finding]:
    if _is_binary(change.after) and not _is_binary(change.before):
        yield finding(23, 0, "Binary content.", change.file)
        return
    for number, text in lines.added:
        if len(text) > _LONGEST_LINE:
            yield finding(24, number, f"A line of {len(text)} characters; {_LONGEST_LINE} are allowed.", change.file)
        said = _hidden(text)
        if said:
            yield finding(32, number, said, change.file)
    yield from _new_silencers(change, lines)
    yield from _ownership(change, lines)
    if change.file.lower().endswith(_TEMPLATES):
        yield from _templates(change, lines)


def _is_binary(text: str) -> bool:
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)


def _hidden(text: str) -> str:
    if text.isascii():
        return "Control characters." if any((ord(c) < 32 and c not in "\t\r\f") or c == "\x7f" for c in text) else ""
    for character in text:
        if character in _INVISIBLE or unicodedata.category(character) in ("Cf", "Cc", "Co", "Cn", "Zl", "Zp"):
            if character not in "\t\r\f":
                return f"An invisible or direction-changing character (U+{ord(character):04X})."
    for word in re.findall(r"\w+", text):
        if word.isascii():
            continue
        scripts = {_script(character) for character in word if character.isalpha()}
        if len(scripts) > 1 or scripts & {"FULLWIDTH", "MATHEMATICAL"}:
            return f"A word of letters that look alike but are not: {word!a}."
        if scripts & {"CYRILLIC", "GREEK"} and len(word) == 1:
            return f"A letter that looks like another: {word!a}."
    return ""


def _script(character: str) -> str:
    return unicodedata.name(character, "UNKNOWN").partition(" ")[0]


def _new_silencers(change: Change, lines: Lines) -> Iterator[Finding]:
    """One that goes along with its line is none."""
    left = Counter(_said(match) for _, text in lines.removed for match in _SILENCERS.finditer(text))
    for number, text in lines.added:
        for match in _SILENCERS.finditer(text):
            said = _said(match)
            if left[said] > 0:
                left[said] -= 1
            else:
                yield finding(36, number, f"A comment silences a checker: {match.group(0)[:60]}", change.file)


def _said(match: re.Match[str]) -> str:
    return re.sub(r"\s+", "", match.group(0)).lower()


def _ownership(change: Change, lines: Lines) -> Iterator[Finding]:
    kept = Counter(text.strip() for _, text in lines.added)
    for number, text in lines.removed:
        if _OWNED.search(text) and text.lstrip().startswith(("#", '"', "'", "*", "//", "<!--", "{#")):
            if kept[text.strip()] == 0:
                yield finding(39, number, "A notice of copyright or licence is gone or changed.", change.file)


def _templates(change: Change, lines: Lines) -> Iterator[Finding]:
    old = Counter(match.group(0) for _, text in lines.removed for match in _TEMPLATE.finditer(text))
    for number, text in lines.added:
        for match in _TEMPLATE.finditer(text):
            if old[match.group(0)] > 0:
                old[match.group(0)] -= 1
            else:
                yield finding(
                    40, number, f"What is put into the page is no longer escaped: {match.group(0)}", change.file
                )
    escapes = [sum(len(_ESCAPES.findall(text)) for _, text in side) for side in (lines.added, lines.removed)]
    if escapes[0] < escapes[1]:
        yield finding(40, 0, "An escape of the template is gone.", change.file)
