"""A real store and repository with one open proposal, on a forge where things stand as the test says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from healer.edges.checkout import Checkout
from healer.edges.forge import Standing
from healer.edges.forge.local import LocalForge
from healer.edges.store import Filed, Store
from healer.model import Change, Evidence, Outcome, Proposal, State, Verdict
from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts

from tests.healer.samples import a_candidate, a_diagnosis, a_replay, a_report, answered, crashed


class Forge(LocalForge):
    """Where things stand as the test says."""

    stands = Standing("open")

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(checkout, "http://127.0.0.1:9/", "", "")

    def standing(self, proposal: Proposal) -> Standing:
        return self.stands


class OneProposal:
    """A real store and repository with one open proposal that is tended; nothing is healed or released."""

    def __init__(self, folder: Any) -> None:
        (folder / "seed").mkdir()
        (folder / "seed" / "a.py").write_text("x = 1\n")
        (folder / "seed" / "b.py").write_text("y = 1\n")
        self.store = Store(f"sqlite:///{folder}/healer.db")
        self.store.migrate()
        self.checkout = Checkout(folder / "mirror.git", str(folder / "origin.git"), "main")
        self.checkout.seed(folder / "seed")
        self.base = self.checkout.fetch()
        self.head = self.commit({"a.py": "x = 2\n"})
        self.forge = Forge(self.checkout)
        service = SimpleNamespace(
            name="shop",
            autonomy="propose",
            repository="acme/shop",
            checkout=self.checkout,
            forge=self.forge,
            deployment=None,
            labels=(),
            ask_review=False,
        )
        self.parts = Parts(self.store, {"shop": service}, "", 0)
        self.dispatch = Dispatch(self.parts, None, poll_seconds=0)
        self.incident_id = self.store.incidents.take(a_report(), "f").id
        self.store.incidents.set(self.incident_id, diagnosis=a_diagnosis())
        self.store.incidents.move(self.incident_id, State.PROPOSED, expected=(State.OPEN,))
        candidate = a_candidate(changes=(Change("a.py", "x = 1\n", "x = 2\n"),))
        evidence = Evidence(a_replay(crashed()), a_replay(answered(404)))
        verdict = Verdict(candidate, True, "", evidence=evidence)
        self.store.incidents.put_verdict(self.incident_id, 1, 0, verdict, chosen=True)
        self.proposal = Proposal(self.incident_id, 1, "shop", "healer/a-1", "main", self.head, "t", "b", "u")
        self.diff = candidate.diff
        self.store.proposals.put(self.proposal, 1, self.diff, approach=candidate.approach, category="c")
        self.store.proposals.set(self.proposal.branch, pushed_sha=self.head)

    def commit(self, changes: dict[str, str]) -> str:
        return self.checkout.commit(getattr(self, "head", self.base), changes, "m\n", "2026-01-02T03:04:05Z")

    def closed(self, head: str, *, merged: bool = True) -> Outcome | None:
        self.forge.stands = Standing("merged" if merged else "closed", head, "main", "c" * 40 if merged else None)
        self.dispatch.tending.turn()
        return self.outcome()

    def outcome(self) -> Outcome | None:
        return self.filed().outcome

    def filed(self) -> Filed:
        filed = self.store.proposals.by_branch(self.proposal.branch)
        assert filed is not None
        return filed
