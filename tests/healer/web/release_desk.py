"""The API over a service with releases in a real store; its deployment and what is ordered are scripted."""

from __future__ import annotations

import functools
import tempfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

from fastapi.testclient import TestClient
from healer.edges.bus import Bus
from healer.edges.forge import Limits
from healer.edges.store import Revert, Store
from healer.model import DeploymentError, HealerError, Proposal, Serving, Traffic
from healer.pipeline.parts import Parts
from healer.settings import Example
from healer.web.access import Access
from healer.web.application import Web, create_app

from tests.healer.samples import a_report

OPERATOR, VIEWER = "the-operators-token", "the-viewers-token"
FIRST, FIX, PUSH = "1" * 40, "2" * 40, "abc" + "3" * 37
DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"


class ScriptedDeployment:
    """Says what a test put in."""

    def __init__(self) -> None:
        self.now = Serving(FIX, "serving", traffic={FIX: Traffic(200, 3, 0.01, 0.2)})
        self.there = (FIX, FIRST)
        self.away = ""  # why it cannot be asked

    def serving(self) -> Serving:
        if self.away:
            raise DeploymentError(self.away)
        return self.now

    def kept(self) -> tuple[str, ...]:
        if self.away:
            raise DeploymentError(self.away)
        return self.there


class ScriptedDispatch:
    """Writes orders down, or refuses them."""

    def __init__(self) -> None:
        self.take_all = None  # it takes no reports
        self.orders: list[tuple[object, ...]] = []
        self.refusal: HealerError | None = None

    def serve(self, service: str, commit: str, by: str, reason: str) -> None:
        self._take("serve", service, commit, by, reason)

    def approve_revert(self, service: str, commit: str, by: str) -> None:
        self._take("approve", service, commit, by)

    def reject_revert(self, service: str, commit: str, by: str, reason: str) -> None:
        self._take("reject", service, commit, by, reason)

    def _take(self, *order: object) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.orders.append(order)


@functools.cache
def _empty_database() -> bytes:
    """Migrating one takes longer than most of what is done with it here."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "healer.db"
        with closing(Store(f"sqlite:///{path}")) as store:
            store.migrate()
        return path.read_bytes()


class Desk:
    """A first release, a fix that is live, a push that was rolled back and for which a revert is proposed."""

    def __init__(self, folder: Path, address: str = "", examples: tuple[Example, ...] = ()) -> None:
        """`address` and `examples`: of the shop."""
        database = folder / "healer.db"
        database.write_bytes(_empty_database())
        bus = Bus()
        self.store = Store(f"sqlite:///{database}", bus.notify)
        self.deployment, self.dispatch = ScriptedDeployment(), ScriptedDispatch()
        forge = SimpleNamespace(kind="local", limits=Limits)
        facts = {"autonomy": "propose", "address": address, "forge": forge}
        service = SimpleNamespace(name="shop", deployment=self.deployment, **facts)
        unreleased = SimpleNamespace(name="stock", deployment=None, **facts)
        self.parts = Parts(self.store, {"shop": service, "stock": unreleased}, "", 0)
        web = Web(self.parts, self.dispatch, bus, Access(OPERATOR, {}, VIEWER), "", lambda: "", {"shop": examples})
        self.http = TestClient(create_app(web, None))
        self.http.headers["authorization"] = f"Bearer {OPERATOR}"
        self._fill()

    def _fill(self) -> None:
        self.incident_id = self.store.incidents.take(a_report(), "f").id
        proposal = Proposal(self.incident_id, 7, "shop", "healer/a-1", "main", "a" * 40, "Answer 409", "b", "")
        self.store.proposals.put(proposal, 1, DIFF)
        self.store.proposals.close(proposal, "merged", FIX)
        releases = self.store.releases
        releases.want("shop", FIRST, "first")
        releases.set("shop", FIRST, "live")
        releases.want("shop", FIX, "proposal", self.incident_id)
        releases.set("shop", FIX, "live", previous=FIRST)
        releases.want("shop", PUSH, "push")
        releases.set("shop", PUSH, "rolled_back", reason="It breaks something new: \x1b[2J[red]KeyError", previous=FIX)
        self.store.reverts.put(revert())
        self.store.reverts.set("shop", PUSH, state="open", number=8)

    def get(self, path: str) -> dict:
        return self.http.get(f"/api/v1{path}").json()

    def close(self) -> None:
        self.http.close()
        self.store.close()


def revert() -> Revert:
    facts = {
        "incident_id": None,
        "number": None,
        "url": "",
        "merge_sha": None,
        "by": "",
        "closing": "",
        "created_at": "",
    }
    texts = {
        "branch": "healer/revert-abc",
        "base": "main",
        "head_sha": "b" * 40,
        "title": "Revert a push",
        "body": "why",
    }
    return Revert(service="shop", commit=PUSH, diff=DIFF, state="prepared", **texts, **facts)
