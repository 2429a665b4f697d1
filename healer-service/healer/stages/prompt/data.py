"""Text of a report made fit to be shown: one line each, bounded, unable to end its block or to form a token of a chat.

It does not choose what is shown.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable

from healer.model import ExceptionInfo, Report, Request

OPENING, CLOSING = "<report>", "</report>"
_EXCEPTION, _PATH, _BODY, _HEADER = 300, 200, 400, 80  # characters
_MOST_HEADERS = 3
_BEHIND = {"cause": "caused by", "context": "raised while handling"}
# Letters and marks that show nothing, and that str.isprintable() lets pass.
_HIDDEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code)
    for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(first, last + 1)
}
# The beginning of a tag or of a template's token: </report>, <|im_end|>, <think>, <<SYS>>, [INST]. What repr writes
# of an object, <Item id=3>, stays.
_MARKUP = re.compile(r"<(?=\s*(?:[/|｜!?<]|(?i:report)|[\w.:-]+\s*>))|\[(?=/?(?:INST|TOOL_\w+|AVAILABLE_TOOLS)\])")
_TAKEN_APART = {"<": "‹", "[": "⟦"}
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def plain(text: str, limit: int) -> str:
    """One line of at most `limit` characters; whatever does not show, or shows as something else, is escaped."""
    # Tokenizers may compose characters themselves, and U+1FEF then is a backtick: it is done before looking.
    composed = unicodedata.normalize("NFC", text[: limit + 1])
    shown = "".join(_visible(character) for character in composed)
    return shown if max(len(shown), len(text)) <= limit else shown[: limit - 1] + "…"


def _visible(character: str) -> str:
    if character == "`":
        return "'"
    if character.isprintable() and character not in _HIDDEN:
        return character
    return character.encode("unicode_escape").decode()


def value(text: str, limit: int = 80) -> str:
    """A repr without the addresses of objects, which tell nothing."""
    return plain(_ADDRESS.sub("", text[: limit * 4]), limit)


def block(lines: Iterable[str]) -> str:
    """Lines of data between their delimiters. Each must begin with a word of ours, so that none begins a fence."""
    inside = [_MARKUP.sub(lambda found: _TAKEN_APART[found.group()], line) for line in lines]
    return "\n".join([OPENING, *inside, CLOSING])


def inert(text: str) -> str:
    """What a model wrote, as it stands but for tokens of a template and what cannot be sent."""
    sendable = text.replace("\0", "").encode(errors="replace").decode()
    return re.sub(r"<(?=[|｜])", "‹", sendable)


def report_lines(report: Report, source: str) -> list[str]:
    """The exception and the request, with those headers that the source names."""
    exception = report.exception
    lines = [f"exception: {_said(exception)}"]
    behind = next((one for one in report.chain if one.relation in _BEHIND), None)
    if behind is not None:
        lines.append(f"{_BEHIND[behind.relation]}: {_said(behind.exception)}")
    request = report.request
    if request is None:
        return lines
    lines.append(f"request: {plain(request.method, 20)} {plain(request.path, _PATH)}")
    words = set(re.findall(r"\w+", source.lower().replace("-", "_")))
    named = [name for name in request.headers if name.lower().replace("-", "_") in words]
    for name in named[:_MOST_HEADERS]:
        lines.append(f"header: {plain(name, _HEADER)}: {plain(request.headers[name], _HEADER)}")
    body = _body(request)
    return [*lines, f"body: {plain(body, _BODY)}"] if body else lines


def _said(exception: ExceptionInfo) -> str:
    return f"{plain(exception.type, 80)}: {plain(exception.message, _EXCEPTION)}"


def _body(request: Request) -> str:
    if request.body_kind == "none" or request.body is None:
        return ""
    if request.body_kind == "base64":
        return "(bytes that are no text)"
    if isinstance(request.body, str) and request.body_kind == "text":
        return json.dumps(request.body[: _BODY * 2], ensure_ascii=False)
    try:
        return json.dumps(request.body, ensure_ascii=False, default=str)
    except RecursionError:
        return "(nested too deeply to be shown)"
