"""Sentences for failures of the logic: recursion, coroutines, calls that do not fit, names that are not there."""

from __future__ import annotations

import ast
import re

from healer.syntax.cycles import Recursion, recursion_of
from healer.syntax.situation import Situation


def logic_cause(s: Situation) -> str:
    """ "" for what is no failure of the logic."""
    message = s.report.exception.message
    where = f"in {s.function.name}" if s.function is not None else f"in {s.module.path}"
    category = s.crash.category
    if category == "recursion":
        return _endless(recursion_of(s), where)
    if category == "await":
        return _unawaited(message, where)
    if category == "signature":
        called = re.search(r"'([\w.]+)' object is not callable", message)
        if called:
            return f"A value of type {called.group(1)} is called like a function {where}."
        return f"A call {where} does not fit the function: {message[:100]}."
    if category == "import-error":
        return f"An import that runs {where} finds nothing of that name: {message.partition(' (')[0][:100]}."
    if category == "missing-attribute":
        told = re.search(r"'([\w.]+)' object has no attribute '(\w+)'", message)
        owner = s.crash.culprit
        shown = ast.unparse(owner)[:50] if owner is not None else "the object"
        return f"{shown} is a {told.group(1)} {where}, which has no {told.group(2)}." if told else ""
    return ""


def _endless(found: Recursion | None, where: str) -> str:
    if found is None:
        return f"What was sent is nested deeper than the stack {where}."
    names = " and ".join(dict.fromkeys(f.name for f in found.functions))
    if not found.walker:
        return f"{names} asks itself without end."
    if found.repeats:
        return (
            f"{names} follows {found.walker} from one to the next and comes back to where it was: the data has a cycle."
        )
    return f"{names} calls itself for the next {found.walker} until the stack is full."


def _unawaited(message: str, where: str) -> str:
    if "can't be used in 'await'" in message:
        return f"Something that is no coroutine is awaited {where}."
    if "async_generator" in message or "'async for'" in message:
        return f"A loop {where} is of the wrong kind: one of it and what it goes over is asynchronous."
    if "context manager" in message:
        return f"A with statement {where} is of the wrong kind for what it enters."
    if "event loop" in message:
        return f"A second event loop is started {where}, while the first runs."
    return f"A coroutine is used without await {where}."
