"""Has the model rewrite the function at fault: one greedy answer, then samples, then rounds with what was wrong.

Usable answers become candidates like any other, and it stops at the first that stands. It judges none itself.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from healer.edges.llm import Llm, Served
from healer.edges.store import Incident
from healer.model import Answer, BadInput, Candidate, Diagnosis, LlmError, Message, Prompt, UnusableAnswer, Verdict
from healer.pipeline.parts import Parts
from healer.stages import answer as answers
from healer.stages import prompt as prompts
from healer.stages import ranking
from healer.stages.splice import splice
from healer.syntax.parsing import parse
from healer.syntax.project import Function
from healer.syntax.situation import Situation

SAMPLES = 4  # answers to one prompt; the first is greedy
TEMPERATURE = 0.7
ROUNDS = 2
MOST_SECONDS = 180.0  # no answer is begun after that
PATIENCE_SECONDS = 90.0  # in all, for a server that is busy or coming back
TOKENS_EVERY = 0.25  # seconds; what came in between is one event
SURE = 0.6  # of the diagnosis: above it the model may not answer what should be refused

T = TypeVar("T")


@dataclass(frozen=True)
class _Attempt:
    """One answer and how far it came."""

    text: str
    reached: int
    reason: str = ""


REPEATED, UNUSABLE, GUARDED, REPLAYED, TESTED, STOOD = range(6)


class Asking:
    """One search's dialogue with the model. `judge` tries a candidate, `file` keeps a verdict that needs no trial."""

    def __init__(
        self,
        parts: Parts,
        llm: Llm,
        incident: Incident,
        *,
        judge: Callable[[Candidate], Verdict],
        file: Callable[[Verdict], None],
    ) -> None:
        self._parts = parts
        self._llm = llm
        self._incident = incident
        self._judge = judge
        self._file = file
        self._until = time.monotonic() + MOST_SECONDS
        self._patience = PATIENCE_SECONDS
        self._asked = 0
        self._texts: set[str] = set()
        self._seen: set[str] = set()  # candidates, however written

    def run(
        self, situation: Situation, diagnosis: Diagnosis, tried: Sequence[Verdict], dependencies: frozenset[str]
    ) -> str:
        """Why the model could not answer; "" when it did, whatever became of that. It is told of what was tried."""
        self._seen = {_normal(verdict.candidate) for verdict in tried}
        asked = self._incident.feedback
        wish = [f"the change before: a person wants it otherwise: {asked}"] if asked else []
        refused = wish + [_line(verdict) for verdict in tried]
        past = self._parts.store.proposals.merged_fixes(self._incident.service)
        trouble = "there is no function to ask about"
        try:
            served = self._patiently(self._llm.served)
            room = prompts.Room(count=self._count, context=served.context)
            for target in prompts.targets(situation, diagnosis):
                try:
                    prompt = prompts.compose(situation, diagnosis, target, refused, room, past)
                except BadInput as error:
                    trouble = str(error)
                    continue
                editor = _Editor(situation, diagnosis, target, served, dependencies)
                trouble = ""
                if self._about(prompt, editor, room):
                    break
        except LlmError as error:
            return str(error)
        return trouble

    def _about(self, prompt: Prompt, editor: _Editor, room: prompts.Room) -> bool:
        """Whether an answer about this function stood."""
        attempts: list[_Attempt] = []
        for number in range(SAMPLES):
            attempts.append(self._attempt(prompt, editor, TEMPERATURE if number else 0.0))
            if attempts[-1].reached == STOOD:
                return True
        for _ in range(ROUNDS):
            best = max(attempts, key=lambda attempt: attempt.reached)
            again = prompts.follow_up(prompt, best.text, best.reason, room) if best.reached > REPEATED else None
            if again is None:
                break
            attempts = [self._attempt(again, editor, 0.0)]
            if attempts[-1].reached == STOOD:
                return True
        return False

    def _attempt(self, prompt: Prompt, editor: _Editor, temperature: float) -> _Attempt:
        if time.monotonic() > self._until:
            raise LlmError(f"none of its {self._asked} answers stood within {MOST_SECONDS:.0f} seconds")
        self._asked += 1
        number = self._asked
        text, cut_off = self._patiently(lambda: self._listen(prompt, editor, temperature, number))
        if text in self._texts:
            return self._repeated(text, number)
        self._texts.add(text)
        try:
            candidate = editor.candidate(text, cut_off)
        except UnusableAnswer as error:
            self._file(Verdict(editor.nothing(), False, str(error)))
            return _Attempt(text, UNUSABLE, str(error))
        if _normal(candidate) in self._seen:
            return self._repeated(text, number)
        self._seen.add(_normal(candidate))
        verdict = self._judge(candidate)
        return _Attempt(text, _reached(verdict), verdict.reason)

    def _repeated(self, text: str, number: int) -> _Attempt:
        self._note("model.repeated", number, {})
        return _Attempt(text, REPEATED)

    def _listen(self, prompt: Prompt, editor: _Editor, temperature: float, number: int) -> tuple[str, bool]:
        """The answer, up to the end of its code, and whether the bound on tokens cut it off."""
        asked = {"model": editor.origin, "function": editor.target.name, "tokens": prompt.tokens}
        self._note("model.asked", number, {**asked, "temperature": temperature, "left_out": list(prompt.left_out)})
        started = time.monotonic()
        first = 0.0
        text = ""
        finish = ""
        with closing(self._llm.answer(prompt, temperature=temperature, seed=number)) as pieces:
            told, shown = started, 0
            for piece in pieces:
                first = first or time.monotonic() - started
                text += piece.text
                finish = piece.finish
                complete = answers.complete(text, editor.target)
                if len(text) > shown and (complete or finish or time.monotonic() - told >= TOKENS_EVERY):
                    self._note("model.tokens", number, {"text": text[shown:]})
                    told, shown = time.monotonic(), len(text)
                if complete:
                    break
        seconds = {"first": round(first, 3), "seconds": round(time.monotonic() - started, 3)}
        self._note("model.answered", number, {**seconds, "finish": finish or "complete"})
        return text, finish == "length"

    def _count(self, messages: Sequence[Message]) -> int:
        return self._patiently(lambda: self._llm.count(messages))

    def _patiently(self, action: Callable[[], T]) -> T:
        """Again and again while the server is busy or coming back, as long as there is patience."""
        while True:
            try:
                return action()
            except LlmError as error:
                if error.wait is None or error.wait > self._patience:
                    raise
                self._note("model.waiting", self._asked, {"reason": str(error), "seconds": error.wait})
                self._patience -= error.wait
                time.sleep(error.wait)

    def _note(self, type: str, number: int, payload: dict[str, object]) -> None:
        self._parts.note(self._incident, type, {"answer": number, **payload}, "patch")


class _Editor:
    """Makes candidates for one function out of what the model writes about it."""

    def __init__(
        self,
        situation: Situation,
        diagnosis: Diagnosis,
        target: Function,
        served: Served,
        dependencies: frozenset[str],
    ) -> None:
        self.target = target
        self.origin = served.origin
        self._situation = situation
        self._dependencies = dependencies
        refusing = diagnosis.answer in (Answer.REFUSE, Answer.NOT_FOUND) and diagnosis.confidence >= SURE
        # A refusal is always honest; a made-up value where a refusal is due would only silence the crash.
        self._answer = diagnosis.answer if refusing else Answer.CORRECT

    def candidate(self, text: str, cut_off: bool) -> Candidate:
        """Raises UnusableAnswer."""
        rewrite = answers.read(text, self.target, cut_off=cut_off)
        changes = splice(self._situation.project, self.target, rewrite, self._dependencies)
        summary = f"Correct {self.target.name}"
        fit = ranking.MODEL_FIT
        return Candidate(self.origin, summary, changes, self._answer, fit, rewrite.sentence, engine="llm")

    def nothing(self) -> Candidate:
        """Stands for an answer that could not be used."""
        return Candidate(self.origin, f"Rewrite {self.target.name}", (), engine="llm")


def _reached(verdict: Verdict) -> int:
    if verdict.accepted:
        return STOOD
    if verdict.findings:
        return GUARDED
    return TESTED if verdict.evidence is not None and verdict.evidence.tests_after is not None else REPLAYED


def _normal(candidate: Candidate) -> str:
    """The same for patches that differ in layout and comments only."""
    return "\0".join(f"{change.file}\0{ast.dump(parse(change.after))}" for change in candidate.changes)


def _line(verdict: Verdict) -> str:
    return f"{verdict.candidate.summary}: {verdict.reason}"
