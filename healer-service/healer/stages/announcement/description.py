"""The body of a proposal: what people read before they decide. Never longer than a forge takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from healer.model import Answer, Assessment, Candidate, Diagnosis, Report, Suspect, Verdict
from healer.stages.announcement import evidence as evidences
from healer.stages.announcement.replies import COMMANDS
from healer.stages.announcement.siblings import alike
from healer.stages.announcement.template import laid_in
from healer.stages.announcement.wording import (
    code,
    counted,
    fenced,
    first_words,
    inert,
    lowered,
    private,
    sentence,
    shown,
)

MOST_CHARACTERS = 60_000  # GitHub takes 65,536
_CAUSE_WORDS = 29
_FRAMES = 8
ANSWERS = {
    Answer.REFUSE: "refuse the request with a clear message",
    Answer.NOT_FOUND: "say that there is no such thing",
    Answer.NATURAL_VALUE: "answer with the natural value of nothing",
    Answer.CONVERT: "bring the value into the right type",
    Answer.CORRECT: "correct the logic",
    Answer.NONE: "leave the code alone",
}


@dataclass(frozen=True)
class _Size:
    """How much is told of what may be cut."""

    refused: int
    frames: int = _FRAMES


def body(
    report: Report,
    diagnosis: Diagnosis,
    chosen: Verdict,
    others: Sequence[Verdict],
    *,
    count: int,
    first_seen: str,
    last_seen: str,
    incident_url: str,
    template: str = "",
    amended: str = "",
    round_of: int = 0,
    asked: str = "",
) -> str:
    """`template` of the repository; `amended`: about others' commits, a sentence; `asked`: why there is a round."""
    seen = f"first {first_seen[:19]}Z, last {last_seen[:19]}Z"
    opening = [
        first_words(shown(diagnosis.cause), _CAUSE_WORDS),
        f"Seen {counted(count, 'time')}, {seen}. Incident: {incident_url}",
        *_rounds(round_of, asked),
        *([inert(amended, 600)] if amended else []),
    ]
    refused = [f"- {refusal(verdict)}" for verdict in others]
    proof, rest = list(_proof(report, chosen)), [*_outlook(report, diagnosis, chosen), *_closing(template)]
    for size in _sizes(len(refused)):
        what_happened = "### What happened\n" + fenced(traceback(report, size.frames))
        not_taken = "### Candidates not taken\n" + _not_taken(refused, size.refused)
        text = "\n\n".join([*opening, what_happened, *proof, not_taken, *rest]) + "\n"
        if len(text) <= MOST_CHARACTERS:
            break
    return text


def _sizes(refused: int) -> Iterator[_Size]:
    """What is cut first: candidates, then the traceback; the evidence never."""
    while refused:
        yield _Size(refused)
        refused //= 2
    yield from (_Size(0), _Size(0, 1))


def _proof(report: Report, chosen: Verdict) -> Iterator[str]:
    assert chosen.evidence is not None
    yield "### Evidence\n" + evidences.table(report, chosen.evidence)
    yield f"### The fix\n{what_it_does(chosen.candidate)}"
    yield f"### Origin\n{origin(chosen.candidate)} {sentence(shown(chosen.reason))}{_in_its_words(chosen.candidate)}"


def _outlook(report: Report, diagnosis: Diagnosis, chosen: Verdict) -> Iterator[str]:
    assert chosen.evidence is not None
    yield from _stakes(chosen.assessment, diagnosis.suspect)
    if left := alike(diagnosis, chosen.candidate):
        yield f"### Not changed here, but looks alike\n{left}"
    yield "### Not checked\n" + evidences.not_checked(report, chosen.evidence)
    yield (
        "### Undo\nReverting the merge takes the change out of the branch. Where the healer releases the service, "
        "“Roll back” on the incident's page also puts the release before it back at once."
    )


def _rounds(round_of: int, asked: str) -> list[str]:
    if not round_of:
        return []
    return [
        f"Round {round_of}, after a review asked for this: “{inert(asked, 1000)}”" if asked else f"Round {round_of}."
    ]


def _closing(template: str) -> Iterator[str]:
    if text := laid_in(template):
        yield "### The repository's template\nThe healer has filled in and ticked nothing below; that is for a person."
        yield text
    yield f"### Commands\n{COMMANDS}"


def traceback(report: Report, most: int = _FRAMES) -> str:
    """Of the service's own frames, without what looks private."""
    lines = ["Traceback (most recent call last):"]
    for frame in (report.app_frames or report.frames)[-most:]:
        lines += [f'  File "{frame.file[:200]}", line {frame.line}, in {frame.function[:120]}']
        lines += [f"    {private(frame.source[:300])}"]
    lines.append(f"{report.exception.type[:120]}: {private(report.exception.message[:500])}")
    return "\n".join(lines)


def what_it_does(candidate: Candidate) -> str:
    """In two sentences."""
    return f"{sentence(inert(candidate.summary, 200))} The aim is to {ANSWERS[candidate.answer]}."


def origin(candidate: Candidate) -> str:
    name = code(candidate.origin, 80)
    if candidate.engine != "llm":
        return f"Written by the playbook {name}, a repair template; no model took part."
    of_file = (
        "its file's name and hash" if "@" in candidate.origin else "its name; the server tells no hash of its file"
    )
    return f"Written by a local model, {name} ({of_file})."


def _in_its_words(candidate: Candidate) -> str:
    return f" In the model's words: “{shown(candidate.note)}”" if candidate.note else ""


def _not_taken(refused: Sequence[str], most: int) -> str:
    if not refused:
        return "None: it was the first that was tried."
    left = len(refused) - most
    return "\n".join([*refused[:most], *([f"- {left} more, on the incident's page"] if left else [])])


def refusal(verdict: Verdict) -> str:
    candidate = verdict.candidate
    return f"{code(candidate.origin, 60)}, {inert(lowered(candidate.summary), 100)}: {shown(verdict.reason, 200)}"


def _stakes(assessment: Assessment | None, suspect: Suspect | None) -> Iterator[str]:
    parts = [evidences.scores(assessment)] if assessment is not None else []
    parts += [last_changed(suspect)] if suspect is not None else []
    if parts:
        yield "### Risk and confidence\n" + "\n\n".join(parts)


def last_changed(suspect: Suspect) -> str:
    who, what = inert(suspect.author, 60), inert(suspect.summary, 120)
    commit = inert(suspect.commit[:10], 12)
    return f"The line that crashed was last changed in {commit} by {who} on {inert(suspect.date[:10], 10)}: {what}"
