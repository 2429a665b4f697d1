"""What went wrong in code of another platform, from the words of its own runtime. No such code is repaired here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from healer.model import Answer, Diagnosis, ExceptionInfo, Frame, Report, Site

_NAMES = {"node": "Node.js", "go": "Go", "ruby": "Ruby", "java": "Java", "php": "PHP", "csharp": "C#", "rust": "Rust"}
_LONGEST = 60  # characters of anything foreign within the sentence


@dataclass(frozen=True)
class _Kind:
    """`cause` may hold {value}, what had the bad value, and {part}, what was wanted of it; `what` says it without."""

    category: str
    pattern: str
    what: str
    cause: str = ""
    found_by: str = ""  # in the line itself: where the value stands before the part


_BEFORE = r"([\w$.\[\]'\"]+(?:\([\w$., '\"]*\))?)\s*(?:\?\.|\.|\[['\"]?)\s*{part}\b"
_NODE = (
    _Kind(
        "none-dereference",
        r"Cannot (?:read|set) propert(?:y|ies) (?:'(?P<part>.*?)' )?of (?P<nothing>undefined|null)"
        r"(?: \((?:reading|setting) '(?P<other>.*)'\))?",
        "A property of {nothing} is used",
        "{value} is {nothing} where its {part} is used",
        _BEFORE,
    ),
    _Kind(
        "none-dereference",
        r"Cannot destructure property '(?P<part>.*?)' of '(?P<value>.*?)' as it is (?P<nothing>undefined|null)",
        "Something {nothing} is taken apart",
        "{value} is {nothing} where its {part} is taken out",
    ),
    _Kind("none-dereference", r"Cannot convert undefined or null to object", "An object is wanted and there is none"),
    _Kind(
        "signature",
        r"(?P<value>.+?) is not a (?:function|constructor)",
        "Something is called that is no function",
        "{value} is called and is no function",
    ),
    _Kind("wrong-type", r"(?P<value>.+?) is not iterable", "", "{value} is looped over and cannot be"),
    _Kind("wrong-type", r"Cannot mix BigInt", "A BigInt and another kind of number are used together"),
    _Kind("name-error", r"(?P<value>\S+) is not defined", "", "The name {value} is not defined"),
    _Kind("unbound-local", r"Cannot access '(?P<value>.*?)' before init", "", "{value} is used before it has a value"),
    _Kind("recursion", r"Maximum call stack size exceeded", "The calls have no end: the stack is full"),
    _Kind("unserialisable", r"circular structure to JSON|serialize a BigInt", "JSON cannot express what is written"),
    _Kind("decoding", r"is not valid JSON|in JSON at position|Unexpected end of JSON", "What is read is no JSON"),
    _Kind("decoding", r"URI malformed", "A URI that is decoded is malformed"),
    _Kind("conversion", r"Invalid (?:array length|time value|count value|string length|Date)", "A value has no range"),
    _Kind("import-error", r"Cannot find (?:module|package) '(?P<value>.*?)'", "", "The module {value} is not found"),
    _Kind("missing-file", r"ENOENT", "A file or folder is not there"),
    _Kind(
        "outside",
        r"ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|ENOSPC|EMFILE|EADDRINUSE|"
        r"fetch failed|heap out of memory",
        "Something outside the code failed",
    ),
)
_GO = (
    _Kind("none-dereference", r"nil pointer dereference", "A nil pointer is followed"),
    _Kind("none-dereference", r"assignment to entry in nil map", "An entry is set in a map that is nil"),
    _Kind(
        "empty-sequence",
        r"index out of range \[(?P<part>-?\d+)\](?: with length (?P<value>\d+))?",
        "An index is out of range",
        "Index {part} is asked of a sequence of {value}",
    ),
    _Kind("empty-sequence", r"slice bounds out of range", "A slice reaches out of range"),
    _Kind(
        "wrong-type",
        r"interface conversion: (?:interface \{.*?\}|\S+) is (?P<value>.+?), not (?P<part>.+)",
        "A value is not of the type that is asserted",
        "A value is {value} and is asserted to be {part}",
    ),
    _Kind("wrong-type", r"interface conversion|reflect: ", "A value is not of the type that is asserted"),
    _Kind("zero-division", r"divide by zero", "An integer is divided by zero"),
    _Kind("recursion", r"stack overflow|stack exceeds", "The calls have no end: the stack is full"),
    _Kind("changed-while-iterated", r"concurrent map", "A map is used by several goroutines at once"),
    _Kind("logic", r"(?:send on|close of) (?:closed|nil) channel", "A channel is used that is closed or nil"),
    _Kind("logic", r"all goroutines are asleep", "All goroutines wait for one another"),
    _Kind("conversion", r"invalid syntax|strconv\.|value out of range", "A text is read as a number and is none"),
    _Kind("decoding", r"unexpected end of JSON|invalid character|json: ", "What is read is not the JSON that is meant"),
    _Kind("missing-row", r"no rows in result set", "A query found no row"),
    _Kind("missing-file", r"no such file or directory", "A file or folder is not there"),
    _Kind(
        "outside",
        r"connection (?:refused|reset)|no such host|i/o timeout|deadline exceeded|broken pipe|no space left|"
        r"too many open files|address already in use",
        "Something outside the code failed",
    ),
)
_KINDS = {"node": _NODE, "go": _GO}


def diagnose_foreign(report: Report) -> Diagnosis:
    """Never raises for what a report says; always declines."""
    frame = next(iter((report.app_frames or report.frames)[-1:]), None)
    fault = Site(frame.file, frame.line, frame.function, "it crashed here") if frame is not None else Site("", 0, "")
    category, what, culprit = _seen(report, frame)
    where = f" in {frame.function[:_LONGEST] or 'a function'} ({frame.file}:{frame.line})" if frame is not None else ""
    name = _NAMES.get(report.platform, report.platform)
    return Diagnosis(
        category=category,
        cause=f"{what}{where}.",
        fault=fault,
        fix_sites=(Site(fault.file, fault.line, fault.function, "the line that crashed"),) if report.app_frames else (),
        answer=Answer.NONE,
        confidence=0.2 if category == "other" else 0.4 if frame is None or not frame.in_app else 0.6,
        risk=0.0,
        expression=" ".join(frame.source.split())[:200] if frame is not None else "",
        culprit=culprit,
        decline_reason=f"The service's code is {name}, and only Python is repaired: this is for a person to mend.",
    )


def _seen(report: Report, frame: Frame | None) -> tuple[str, str, str]:
    """Category, what happened, and the source of what had the bad value where the line shows it."""
    for kind in _KINDS.get(report.platform, ()):
        found = re.search(kind.pattern, report.exception.message[:1000])
        if found is not None:
            told = {name: text for name, text in found.groupdict().items() if text}
            told["part"] = told.get("part") or told.get("other", "")
            culprit = _before(kind, told["part"], frame)
            told["value"] = told.get("value") or culprit
            told = {name: _short(text) for name, text in told.items()}
            whole = kind.cause and told["value"] and (told["part"] or "{part}" not in kind.cause)
            return kind.category, (kind.cause if whole else kind.what or kind.cause).format(**told), culprit
    return "other", _plain(report.exception), ""


def _before(kind: _Kind, part: str, frame: Frame | None) -> str:
    if not kind.found_by or not part or frame is None:
        return ""
    found = re.search(kind.found_by.replace("{part}", re.escape(part)), frame.source[:1000])
    return found.group(1)[:200] if found is not None else ""


def _plain(exception: ExceptionInfo) -> str:
    return f"{_short(exception.type)}: {_short(exception.message)}" if exception.message else _short(exception.type)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
