"""Nothing is doubled and nothing lost between healer and GitHub, whatever fails and whenever the healer is killed.

Each run is a script drawn from its seed: crashes, turns of the healer, what people do on GitHub, faults of every kind,
kills at any call or write. Then GitHub is well again, and what came of it must be what people did there.

HEALER_TEST_SEEDS says how many runs there are (make test: 16; the whole proof: 500), HEALER_TEST_SEED which single one,
HEALER_TEST_FIGURES the file for what was met on the way.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from healer.edges.store import Filed, Incident
from healer.model import HealerError, Outcome, State
from healer.pipeline import rechecking
from healer.pipeline.publishing import REPLY

from tests.github import Faults
from tests.github.faults import DELIVERIES, REQUESTS
from tests.github.refusals import Refused
from tests.github.state import Pull
from tests.healer.pipeline.desk import PART, Clock, Contented, Desk, Entrance, Killed, make_template

RUNS = int(os.environ.get("HEALER_TEST_SEEDS", "16"))
ONLY = os.environ.get("HEALER_TEST_SEED", "")
FIGURES = os.environ.get("HEALER_TEST_FIGURES", "")
CHUNKS = max(min(RUNS, 4), RUNS // 10)  # tests, so that a run on several cores can share them
MARKER = re.compile(r"<!-- healer:(\S+) -->")
SAID = (
    "/heal explain",
    "/heal explain",
    "/heal ignore",
    "/heal retry by a default",
    "/heal rebase",
    "/heal",
    "Thanks!",
)
PATIENCE = 25  # turns after which everything must have come to rest

figures: Counter[str] = Counter()


@pytest.fixture(scope="module")
def entrance() -> Iterator[Entrance]:
    made = Entrance()
    yield made
    made.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template") / "healer.db")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    made.put_into(monkeypatch)
    monkeypatch.setattr("tests.github.deliveries.HELD", 0.02)
    monkeypatch.setattr(rechecking, "Trial", Contented)
    return made


@pytest.mark.parametrize("chunk", range(1 if ONLY else CHUNKS))
def test_nothing_is_doubled_or_lost(chunk, tmp_path, entrance, template, clock):
    failed = []
    for seed in [int(ONLY)] if ONLY else range(chunk, RUNS, CHUNKS):
        run = Run(tmp_path / str(seed), seed, entrance, template, clock)
        try:
            run.play()
            problems = [*run.surprises, *run.problems()]
        except Exception:
            problems = [traceback.format_exc()]
        finally:
            run.close()
        figures.update(run.figures)
        if problems:
            failed.append(f"HEALER_TEST_SEED={seed}:\n" + "\n".join([*run.told, *problems]))
        else:
            shutil.rmtree(run.folder)
    if FIGURES:
        Path(FIGURES).write_text(json.dumps(figures, indent=1, sort_keys=True))
    assert not failed, "\n\n".join(failed)


class Run(Desk):
    """A script and its end. `told` says what happened, `surprises` what no part of the healer should do."""

    def __init__(self, folder: Path, seed: int, entrance: Entrance, template: Path, clock: Clock) -> None:
        folder.mkdir()
        self.random = random.Random(seed)
        self.clock = clock
        self.told: list[str] = []
        self.surprises: list[str] = []
        self.figures: Counter[str] = Counter(runs=1)
        self.added: dict[str, list[str]] = {}  # branch -> commits of people
        self.ends: set[str] = set()  # branches that people deleted
        self._number = 0
        super().__init__(folder, seed, entrance, template, self._finds)
        self.repo.delete_merged = self.random.random() < 0.3

    def _finds(self, incident_id: str, attempt: int) -> bool:
        return attempt == 1 or random.Random(f"{incident_id}{attempt}").random() < 0.8

    def play(self) -> None:
        self.incidents = [self.crash(number) for number in range(self.random.choice((1, 1, 2, 3)))]
        self.machine()
        kinds = self.random.sample((*REQUESTS, *DELIVERIES, "git"), self.random.randint(2, 8))
        self.hub.faults = Faults(self.random.uniform(0.05, 0.35), tuple(kinds), wait=1, slow=0.005)
        self.tell(f"faults: {self.hub.faults}")
        for _ in range(self.random.randint(12, 22)):
            if self.random.random() < 0.5:
                self.person()
            else:
                self.machine()
        self.hub.faults = Faults()
        self.rest()

    def tell(self, what: str) -> None:
        self.told.append(f"  +{self.clock.ahead:.0f}s {what}")

    def machine(self, *, mortal: bool = True) -> None:
        if mortal and self.random.random() < 0.4:
            self.mortality.aim(self.random.randint(1, 25))
        if self.random.random() < 0.5:
            self.hub.settle()
        try:
            self.turn()
            self.tell("turn")
        except Killed as death:
            self.die(death)
        except Exception:  # the healer's threads would log it and come again
            self.surprises.append(traceback.format_exc())
        self.mortality.aim(0)
        self.clock.ahead += self.random.choice((0, 1, 6, 70, 70, 70, 4000))

    def die(self, death: Killed) -> None:
        frames = traceback.extract_tb(death.__traceback__)
        told = [f"{frame.name}: {frame.line}" for frame in frames if "/healer-service/" in frame.filename]
        self.tell(f"killed in {told[-1] if told else 'a heal'}")
        self.figures["kills"] += 1
        self.kill()
        for _ in range(self.random.choice((0, 0, 1, 3))):
            self.person()
        self.start()

    def person(self) -> None:
        """Somebody does something on GitHub, as far as it lets them, or on the healer's page."""
        pull = self.random.choice(self.repo.pulls) if self.repo.pulls else None
        act = self.random.choice(Run.ON_PULLS if pull else Run.ANYTIME)
        try:
            act(self, pull)  # type: ignore[arg-type]
        except Refused as refusal:
            self.tell(f"  refused: {refusal.message}")
        except HealerError as error:
            self.tell(f"  the healer cannot: {error}")
        except Killed as death:
            self.die(death)

    def push_to_the_base(self, _pull: Pull | None) -> None:
        self._number += 1
        mine = {f"doc{self._number}.md": "More\n"}
        theirs = {f"part{self.random.randrange(3)}.py": PART.replace("name)", f"name, n={self._number})", 1)}
        self.repo.push("main", self.random.choice((mine, mine, theirs)), by="ada")
        self.tell("ada pushes to main")

    def push_to_the_branch(self, pull: Pull) -> None:
        self._number += 1
        if pull.head not in self.repo.git.heads():
            return
        force = self.random.random() < 0.2
        sha = self.repo.push(pull.head, {f"more{self._number}.md": "More\n"}, by="ada", force=force)
        self.added[pull.head] = [sha] if force else [*self.added.get(pull.head, ()), sha]
        self.tell(f"ada pushes {sha[:8]} to #{pull.number}{' by force' if force else ''}")

    def say(self, pull: Pull) -> None:
        text = self.random.choice(SAID)
        self.tell(f"ada says {text} to #{pull.number}")
        self.repo.comment(pull.number, by="ada", text=text)

    def say_as_a_stranger(self, pull: Pull) -> None:
        self.tell(f"bob wants #{pull.number} ignored")
        self.repo.comment(pull.number, by="bob", text="/heal ignore")

    def review(self, pull: Pull) -> None:
        state = self.random.choice(("APPROVED", "CHANGES_REQUESTED", "COMMENTED"))
        self.tell(f"ada reviews #{pull.number}: {state}")
        self.repo.review(pull.number, by="ada", state=state, text="Hm.", lines=[("part0.py", 1, "Here.")])

    def merge(self, pull: Pull) -> None:
        self.repo.ready(pull.number, by="ada")
        method = self.random.choice(("merge", "squash", "rebase"))
        self.tell(f"ada merges #{pull.number} ({method})")
        self.repo.merge(pull.number, by="ada", method=method)

    def close_it(self, pull: Pull) -> None:
        self.tell(f"ada closes #{pull.number}")
        self.repo.close(pull.number, by="ada")

    def reopen(self, pull: Pull) -> None:
        self.tell(f"ada reopens #{pull.number}")
        self.repo.reopen(pull.number, by="ada")

    def ready(self, pull: Pull) -> None:
        self.tell(f"ada makes #{pull.number} ready, or a draft")
        self.random.choice((self.repo.ready, self.repo.draft))(pull.number, by="ada")

    def check(self, pull: Pull) -> None:
        result = self.random.choice(("success", "failure", None))
        self.tell(f"a check of #{pull.number}: {result}")
        self.repo.check(pull.head_sha, "build", result)

    def redeliver(self, _pull: Pull) -> None:
        delivery = self.random.choice(self.hub.deliveries.all)
        self.tell(f"ada redelivers {delivery.event}")
        self.hub.redeliver(delivery.id)

    def approve_here(self, _pull: Pull | None) -> None:
        incident_id = self.random.choice(self.incidents)
        self.tell(f"the operator approves {incident_id}")
        self.dispatch.approve(incident_id, "operator")

    def reject_here(self, _pull: Pull | None) -> None:
        incident_id = self.random.choice(self.incidents)
        self.tell(f"the operator rejects {incident_id}")
        self.dispatch.reject(incident_id, "operator", "not this way")

    def ask_here(self, _pull: Pull | None) -> None:
        incident_id, text = self.random.choice(self.incidents), self.random.choice(SAID)
        self.tell(f"the operator says {text} about {incident_id}")
        self.dispatch.comment(incident_id, text, "operator")

    ANYTIME = (push_to_the_base, approve_here, reject_here, ask_here)
    ON_PULLS = (
        *ANYTIME,
        push_to_the_branch,
        push_to_the_branch,
        say,
        say,
        say_as_a_stranger,
        review,
        merge,
        merge,
        close_it,
        reopen,
        reopen,
        ready,
        check,
        redeliver,
    )

    def rest(self) -> None:
        """GitHub is well and time goes by until nothing changes any more."""
        before = None
        for _ in range(PATIENCE):
            self.clock.ahead += 4000
            self.hub.settle()
            self.machine(mortal=False)
            seen = self.seen()
            if seen == before:
                return
            before = seen
        self.surprises.append(f"it never comes to rest: {self.parts.forges.problem('stock')}")

    def seen(self) -> object:
        filed = [self.store.proposals.of_incident(incident) for incident in self.incidents]
        pulls = [(pull.state, pull.head_sha, len(pull.comments), pull.draft, pull.body) for pull in self.repo.pulls]
        said = [self.store.remarks.waiting(one.proposal.branch) for one in filed if one]
        return [self.store.incidents.get(incident) for incident in self.incidents], filed, pulls, said

    def close(self) -> None:
        requests = [status for _, _, status in self.hub.requests]
        self.figures.update(requests=len(requests), deliveries=len(self.hub.deliveries.all))
        self.figures.update({f"fault {kind}": count for kind, count in self.hub.fate.met.items()})
        self.figures.update(f"pull {'merged' if pull.merged else pull.state}" for pull in self.repo.pulls)
        super().close()

    def problems(self) -> Iterator[str]:
        yield from self.hub.violations
        heads = Counter(pull.head for pull in self.repo.pulls)
        yield from (f"{count} pull requests of {head}" for head, count in heads.items() if count > 1)
        if len(self.repo.pulls) > len(self.incidents):
            yield f"{len(self.repo.pulls)} pull requests for {len(self.incidents)} incidents"
        merged = [pull.merge_commit_sha for pull in self.repo.pulls if pull.merged]
        if sorted(self.releases) != sorted(merged):
            yield f"merged were {merged}, released {self.releases}"
        for incident_id in self.incidents:
            yield from self._problems_of(incident_id)
        for pull in self.repo.pulls:
            yield from self._problems_there(pull)
        yield from self._leaks()

    def _problems_of(self, incident_id: str) -> Iterator[str]:
        incident = self.store.incidents.get(incident_id)
        filed = self.store.proposals.of_incident(incident_id)
        events = self.store.log.of_key(incident_id, 10_000)
        decided = [event for event in events if event.type == "proposal.merged"]
        moves = [event for event in events if event.type == "incident.state" and event.payload["to"] == "merged"]
        if len(decided) > 1 or len(moves) > 1:
            yield f"{incident_id}: merged {len(decided)} and moved {len(moves)} times"
        if filed is None:
            if incident.state is not State.DECLINED:
                yield f"{incident_id} is {incident.state} without a proposal: {incident.reason}"
            return
        where = f"{incident_id} is {incident.state} ({incident.reason}), {filed.proposal.state} here"
        if not filed.proposal.number:
            yield f"{where}: never published"
            return
        pull = self.repo.pull(filed.proposal.number)
        where += f", {'merged' if pull.merged else pull.state} there"
        problems = [*self._differences(incident, filed, pull), *self._wrongly_said(filed, pull)]
        if "bob" in incident.reason:
            problems.append("a stranger was obeyed, or named as who decided")
        yield from (f"{where}: {problem}" for problem in problems)

    def _differences(self, incident: Incident, filed: Filed, pull: Pull) -> Iterator[str]:
        """Between what is known here and what is there."""
        proposal = filed.proposal
        here = (incident.state, proposal.state, filed.closing)
        if pull.merged:
            if here != ("merged", "merged", "") or proposal.merge_sha != pull.merge_commit_sha:
                yield f"merged as {pull.merge_commit_sha}, known as {proposal.merge_sha}"
            if filed.outcome not in (Outcome.MERGED, Outcome.CHANGED):
                yield f"the outcome is {filed.outcome}"
            return
        expected = ("rejected", "closed", "") if pull.state == "closed" else ("proposed", "open", "")
        if here != expected:
            yield "the two do not fit"
        if pull.state == "closed":
            return
        if (pull.title, pull.body) != (proposal.title, proposal.body):
            yield "its text is another one"
        if pull.head_sha != proposal.head_sha or (not filed.amended and pull.head_sha != filed.pushed_sha):
            yield f"{pull.head_sha} there, {proposal.head_sha} here, pushed was {filed.pushed_sha}"
        if waiting := self.store.remarks.waiting(pull.head):
            yield f"{waiting} wait"

    def _wrongly_said(self, filed: Filed, pull: Pull) -> Iterator[str]:
        said = Counter(MARKER.findall("\n".join(text for by, text in pull.comments if by == self.hub.bot)))
        yield from (f"{key} is said {count} times" for key, count in said.items() if count > 1)
        remarks = self.store.remarks.of_proposal(filed.proposal.branch)
        replies = [remark.id.partition("#")[2] for remark in remarks if remark.kind == REPLY]
        if not pull.merged:  # nobody waits for an answer there any more
            yield from (f"{key} is not said" for key in replies if key not in said)

    def _problems_there(self, pull: Pull) -> Iterator[str]:
        tip = self.repo.git.heads().get(pull.head)
        gone = tip is None and pull.merged and self.repo.delete_merged  # by GitHub itself
        for sha in () if gone else self.added.get(pull.head, ()):
            if tip is None or not self.repo.git.is_ancestor(sha, tip):
                yield f"#{pull.number} ({pull.state}): {pull.head} is at {tip}, without ada's {sha[:8]}"
        labelled = self._announced(pull, "labeled")
        if len(labelled) > 1:
            yield f"#{pull.number} was labelled {len(labelled)} times"
        made_ready = [
            body for body in self._announced(pull, "ready_for_review") if body["sender"]["login"] == self.hub.bot
        ]
        if len(made_ready) > 1 and not any("approves" in line for line in self.told):
            yield f"#{pull.number} was made ready {len(made_ready)} times"

    def _announced(self, pull: Pull, action: str) -> list[dict[str, Any]]:
        bodies = [json.loads(one.body) for one in self.hub.deliveries.all if one.event == "pull_request"]
        return [body for body in bodies if body["action"] == action and body["number"] == pull.number]

    def _leaks(self) -> Iterator[str]:
        for path in self.folder.rglob("*"):
            if (
                path.is_file()
                and "hub" not in path.relative_to(self.folder).parts
                and self.token.encode() in path.read_bytes()
            ):
                yield f"the token is in {path}"
