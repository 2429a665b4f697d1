"""What the model is asked: one function to rewrite, with what a person would look at, in as many tokens as there are.

It asks nobody; what an answer becomes is not its matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from healer.model import Answer, BadInput, Diagnosis, Message, PastFix, Prompt
from healer.stages.prompt.context import FUNCTION, REPORT, TASK, line_on_stack, parts, where
from healer.stages.prompt.data import block, inert, plain, report_lines
from healer.stages.prompt.filling import Filling, Room, answer_bound
from healer.stages.prompt.source import LONGEST_FUNCTION, fenced, holds_control_token, length, whole
from healer.stages.prompt.task import SYSTEM, task
from healer.syntax.bindings import same_function
from healer.syntax.project import Function
from healer.syntax.situation import Situation

__all__ = ["SYSTEM", "Room", "compose", "follow_up", "targets"]

_MOST_TARGETS = 2
_LONGEST_CAUSE = 300  # characters
_LONGEST_REASON = 400
_CHARACTERS = 4  # of a token of code, at most


def targets(situation: Situation, diagnosis: Diagnosis) -> tuple[Function, ...]:
    """The functions to ask about, best first, at most two: where the fix may stand, then where it crashed."""
    if diagnosis.answer is Answer.NONE:
        return ()
    found: list[Function] = []
    modules = [(situation.project.modules.get(site.file), site.line) for site in diagnosis.fix_sites]
    functions = [module.function_at(line) for module, line in modules if module is not None]
    for function in (*functions, situation.function):
        if function is None or length(function) > LONGEST_FUNCTION:
            continue
        if not any(same_function(function, other) for other in found):
            found.append(function)
    return tuple(found[:_MOST_TARGETS])


def compose(
    situation: Situation,
    diagnosis: Diagnosis,
    target: Function,
    refused: Sequence[str],
    room: Room,
    past: Sequence[PastFix] = (),
) -> Prompt:
    """`refused` is a line for each attempt that did not stand; `past` are merged fixes of this service, newest first.

    Raises BadInput when the function cannot be asked about.

    The same input gives the same text, to the byte: the server then reads a prompt once for all its answers.
    """
    if diagnosis.answer is Answer.NONE:
        raise BadInput(f"there is nothing to ask: {diagnosis.decline_reason or diagnosis.cause}")
    line = line_on_stack(situation, target)
    code = "\n".join(whole(target, line))
    asked = task(situation, diagnosis, target, line > 0)
    if holds_control_token(code) or holds_control_token(asked):
        raise BadInput(
            f"the function {target.name} cannot be asked about: it holds a token of a model's template, such as <|…|>"
        )
    cause = block([f"cause: {plain(diagnosis.cause, _LONGEST_CAUSE)}"])
    required = (
        (REPORT, block(report_lines(situation.report, code))),
        (FUNCTION, f"The function, in {where(target.module)}:\n{fenced(code)}"),
        (TASK, f"{cause}\n{asked}"),
    )
    return Filling(SYSTEM, required, room).prompt(
        parts(situation, diagnosis, target, refused, past), answer_bound(code, room)
    )


def follow_up(prompt: Prompt, answer: str, reason: str, room: Room) -> Prompt | None:
    """The feedback round: the refused answer, and why it was refused; None when there is no room for both."""
    said = Message("assistant", _clipped(answer, prompt.answer_tokens * _CHARACTERS))
    asked = Message(
        "user",
        f"{block([f'refused: {plain(reason, _LONGEST_REASON)}'])}\n"
        "Your function was refused for this. Write one sentence with the cause, then the whole corrected function "
        "in one ```python block.",
    )
    messages = (*prompt.messages, said, asked)
    tokens = room.count(messages)
    return replace(prompt, messages=messages, tokens=tokens) if tokens <= room.context - prompt.answer_tokens else None


def _clipped(answer: str, limit: int) -> str:
    """What the model wrote, whole lines of it, with its fence closed."""
    lines = inert(answer[: limit + 1]).split("\n")
    if len(answer) > limit:
        lines[-1] = "…"
    fences = [line for line in lines if line.lstrip().startswith("```")]
    return "\n".join([*lines, *(["```"] if len(fences) % 2 else [])])
