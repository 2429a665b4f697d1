"""Looks for the candidate to propose: what the code gives grounds for, then the model's answers; the first that stands.

The playbooks' guesses are tried last and never proposed: they show a person what would pass the tests. What is tried is
filed at once, so that a reader can watch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from healer.edges.store import Incident
from healer.model import Candidate, Diagnosis, Report, Verdict
from healer.pipeline.asking import Asking
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts, Service
from healer.pipeline.proof import Trial
from healer.pipeline.runs import base_of
from healer.stages import announcement, assessment, ranking
from healer.syntax.dependencies import declared
from healer.syntax.project import Project
from healer.syntax.situation import Situation

MOST_GUESSES = 3  # that are tried to be shown


class Search:
    """One attempt. `verdicts` are in the order tried; the last one is accepted when something was found."""

    def __init__(
        self,
        parts: Parts,
        memory: Memory,
        incident: Incident,
        service: Service,
        report: Report,
        diagnosis: Diagnosis,
        past: ranking.Past = ranking.NO_PAST,
    ) -> None:
        self.verdicts: list[Verdict] = []
        self._parts = parts
        self._incident = incident
        self._service = service
        self._report = report
        self._diagnosis = diagnosis
        self._past = past
        self._trial = Trial(memory, incident, service, report, diagnosis)
        self._turned_down: Candidate | None = None
        parts.store.incidents.forget_candidates(incident.id, incident.attempt)

    def stands(self, candidate: Candidate) -> bool:
        """Whether this very one does, before any other is looked for."""
        return self._judge(candidate, ()).accepted

    def run(self, playbooks: Sequence[Candidate], turned_down: Candidate | None = None) -> str:
        """Why nothing was found; "" when something was.

        `playbooks`: their candidates, best first; `turned_down`: what a person has seen and wants otherwise.
        """
        self._turned_down = turned_down
        sure, guesses = ranking.around_model(playbooks, self._diagnosis, self._past)
        if wished := [candidate for candidate in playbooks if self._wished(candidate)]:
            sure = (*wished, *(candidate for candidate in sure if candidate not in wished))
            guesses = tuple(candidate for candidate in guesses if candidate not in wished)
        if self._found(sure, guesses):
            return ""
        trouble = self._ask(guesses)
        if self._stands():
            return ""
        return self._guessed(guesses) or self._why_not(trouble)

    def _found(self, candidates: Sequence[Candidate], later: Sequence[Candidate]) -> bool:
        for position, candidate in enumerate(candidates):
            untried = [*candidates[position + 1 :], *later]
            if self._judge(candidate, untried).accepted:
                return True
        return False

    def _guessed(self, candidates: Sequence[Candidate]) -> str:
        """The first guess that passes everything, as the reason to leave it to a person; "" when none does."""
        for candidate in candidates[:MOST_GUESSES]:
            verdict = self._trial.judge(candidate)
            if not verdict.accepted:
                self._file(verdict)
                continue
            reason = ranking.why_not(candidate, self._diagnosis)
            self._file(replace(self._assessed(verdict), accepted=False, reason=reason))
            likeliest = candidate.summary[:1].lower() + candidate.summary[1:]
            return f"No candidate is sure enough to be proposed. The likeliest is to {likeliest}: {reason}."
        return ""

    def _ask(self, untried: Sequence[Candidate]) -> str:
        """Why the model could not answer; "" when it did, or is not to be asked."""
        llm = self._parts.llm
        if llm is None or self._service.engine == "playbook":
            return ""
        commit = base_of(self._incident)
        checkout = self._service.checkout
        situation = Situation.of(self._report, checkout.sources(commit))
        if situation is None:
            return "the line that failed is not in the source"
        asking = Asking(
            self._parts,
            llm,
            self._incident,
            judge=lambda candidate: self._judge(candidate, untried),
            file=self._file,
        )
        return asking.run(situation, self._diagnosis, tuple(self.verdicts), declared(checkout.requirements(commit)))

    def _judge(self, candidate: Candidate, untried: Sequence[Candidate]) -> Verdict:
        if self._turned_down is not None and candidate.changes == self._turned_down.changes:
            verdict = Verdict(candidate, False, "it was proposed before, and changes to it were asked for")
        else:
            verdict = self._trial.judge(candidate)
        if verdict.accepted:
            verdict = self._assessed(self._trial.with_test(verdict))
            reason = ranking.why(candidate, untried[0] if untried else None, self._diagnosis, self._past)
            if wished := self._wished(candidate):
                reason = f"It answers with {wished}, as was asked for."
            verdict = replace(verdict, reason=assessment.too_little(verdict) or reason)
            verdict = replace(verdict, accepted=verdict.reason == reason)
        self._file(verdict)
        return verdict

    def _assessed(self, verdict: Verdict) -> Verdict:
        assert verdict.evidence is not None
        candidate = verdict.candidate
        assessed = assessment.assess(
            candidate,
            verdict.evidence,
            self._diagnosis,
            Project(self._service.checkout.sources(base_of(self._incident))),
            # What a person asks for needs no other grounds.
            grounds=1.0 if self._wished(candidate) else min(1.0, ranking.sureness(candidate, self._diagnosis)),
            record=ranking.record(candidate, self._past),
            approximate=announcement.approximation(self._report),
        )
        return replace(verdict, assessment=assessed)

    def _wished(self, candidate: Candidate) -> str:
        asked = self._incident.feedback
        return ranking.asked_for(candidate, asked, self._turned_down) if asked and self._turned_down else ""

    def _file(self, verdict: Verdict) -> None:
        position = len(self.verdicts)
        self.verdicts.append(verdict)
        attempt = self._incident.attempt
        self._parts.store.incidents.put_verdict(self._incident.id, attempt, position, verdict, chosen=verdict.accepted)
        candidate = verdict.candidate
        payload = {
            "origin": candidate.origin,
            "summary": candidate.summary,
            "accepted": verdict.accepted,
            "chosen": verdict.accepted,
            "reason": verdict.reason,
            "seconds": verdict.seconds,
            "confidence": verdict.assessment.confidence if verdict.assessment else None,
            "risk": verdict.assessment.risk if verdict.assessment else None,
        }
        # A step that runs again tries the same again, unless the model writes something else this time.
        patch = hashlib.sha256(candidate.diff.encode(errors="surrogatepass")).hexdigest()[:12]
        self._parts.note(self._incident, "candidate.judged", payload, "reasoning", once=f"{position} {patch}")

    def _stands(self) -> bool:
        return bool(self.verdicts) and self.verdicts[-1].accepted

    def _why_not(self, trouble: str) -> str:
        tried = len(self.verdicts)
        reason = f"No playbook has a fix for this: {self._diagnosis.cause}"
        if self._service.engine == "llm":
            reason = f"The playbooks were not asked: {self._diagnosis.cause}"
        if tried:
            reason = f"None of {tried} candidate{'s' if tried != 1 else ''} stood: {self.verdicts[0].reason}"
        return f"{reason.rstrip('.')}. The model gave no answer: {trouble}" if trouble else reason
