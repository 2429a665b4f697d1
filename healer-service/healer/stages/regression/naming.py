"""The name of a test from the route, what was wrong with the request, and the kind of answer. Words are made plain
first: letters, digits and underscores, and not many of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from healer.model import Diagnosis, Report, Request
from healer.stages.regression.identifiers import segments_of, singular, walk
from healer.syntax.parsing import parse
from healer.syntax.project import parse_module
from healer.syntax.routes import route_path

_LONGEST = 72
_LONGEST_WORD = 24
_VERSION = re.compile(r"v\d+(?:\.\d+)?|api|rest")
_CIRCUMSTANCES = {
    "none-dereference": "without_{}",
    "missing-key": "with_unknown_{}",
    "missing-attribute": "without_{}",
    "missing-row": "without_{}",
    "missing-file": "without_{}",
    "empty-sequence": "without_{}",
    "zero-division": "with_zero_{}",
    "conversion": "with_malformed_{}",
    "decoding": "with_malformed_{}",
    "unpacking": "with_malformed_{}",
    "wrong-type": "with_{}_of_another_type",
    "unserialisable": "with_{}",
}


@dataclass(frozen=True)
class Route:
    file: str  # of the function that answers
    template: tuple[str, ...]  # segments of the path that it is registered under


def route_of(report: Report, sources: Mapping[str, str]) -> Route | None:
    """Of the frames of a report the first that answers requests."""
    for frame in report.app_frames:
        module = parse_module(frame.file, sources.get(frame.file, ""))
        function = module.function_at(frame.line) if module is not None else None
        path = route_path(function) if function is not None else None
        if path:
            return Route(frame.file, tuple(part for part in path.split("/") if part))
    return None


def of_request(
    request: Request, route: Route | None, diagnosis: Diagnosis, status: int, sent: Collection[Request]
) -> str:
    """`sent`: all that the test sends; a circumstance is told in words of these or not at all."""
    words = _route_words(request, route.template if route is not None else ())
    circumstance = _circumstance(diagnosis, {_plain(key) for key in _keys_in(sent)} - set(words))
    method = request.method.lower()
    subject = "_".join(words[-2:]) or "root"
    said = [
        subject if method == "get" else f"{method}_{subject}",
        circumstance,
        _answer(status),
    ]
    return _joined(said)


def of_call(function: str, known: Collection[str], diagnosis: Diagnosis, *, refused: bool) -> str:
    """`known`: names of the arguments."""
    words = [part for part in function.split(".") if part != "__init__"]
    subject = "_".join(_plain(word) for word in words[-2:])
    return _joined([subject, _circumstance(diagnosis, known), "is_refused" if refused else "has_a_value"])


def _keys_in(requests: Collection[Request]) -> set[str]:
    """Names of query parameters and keys of bodies."""
    keys = {key for request in requests for key, _ in parse_qsl(request.path.partition("?")[2])}
    return keys | {key for request in requests for key, _, _ in walk(request.body)} - {""}


def unique(name: str, taken: Collection[str], *, camel: bool) -> str:
    first, *others = name.split("_")
    styled = first + "".join(word.capitalize() for word in others) if camel else name
    number, found = 1, styled
    while found in taken:
        number += 1
        found = f"{styled}{number}" if camel else f"{styled}_{number}"
    return found


def sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}."


def module_words(path: str) -> str:
    """What a new test file is called after: the module that has the fault."""
    parts = [part for part in path.removesuffix(".py").split("/") if part != "__init__"]
    return _plain(parts[-1]) if parts else "service"


def _joined(said: list[str]) -> str:
    words = [word for word in said if word]
    name = "_".join(["test", *words])
    if len(name) > _LONGEST and len(words) > 2:
        name = "_".join(["test", words[0], words[-1]])
    return name[:_LONGEST].rstrip("_")


def _plain(word: str) -> str:
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word)
    return re.sub(r"[^a-z0-9]+", "_", text.lower())[:_LONGEST_WORD].strip("_")


def _route_words(request: Request, template: tuple[str, ...]) -> list[str]:
    segments = segments_of(request.path)
    head = len(segments) - len(template)
    words: list[str] = []
    for number, segment in enumerate(segments):
        pattern = template[number - head] if 0 <= head <= number else ""
        fixed = pattern == segment if pattern else segment.replace("-", "").replace("_", "").replace(".", "").isalpha()
        if not fixed:
            words = [*words[:-1], singular(words[-1])] if words else words
        elif not _VERSION.fullmatch(segment) and _plain(segment):
            words.append(_plain(segment))
    return words


def _circumstance(diagnosis: Diagnosis, known: Collection[str]) -> str:
    """In one of the known words, or not at all: names of the code's own say nothing to a reader of the test."""
    form = _CIRCUMSTANCES.get(diagnosis.category)
    text = diagnosis.expression if diagnosis.category == "missing-key" else diagnosis.culprit
    try:
        node = parse(text.strip(), "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    if diagnosis.category == "missing-key" and isinstance(node, ast.Subscript):
        node = node.slice
    word = _plain(_word(node))
    return form.format(word) if form and word in known else ""


def _word(node: ast.expr) -> str:
    """What an expression is called; "" where only a reader could say."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _word(node.slice) if isinstance(node.slice, ast.Constant) else _word(node.value)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _answer(status: int) -> str:
    if status == 404:
        return "is_not_found"
    if 300 <= status < 400:
        return "is_redirected"
    return "is_refused" if status >= 400 else "is_answered"
