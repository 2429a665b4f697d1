"""A release that was left is proposed to be taken out of the branch too, and that proposal comes to its end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from healer.edges.checkout import Access, Checkout
from healer.edges.forge import Standing
from healer.edges.forge.github import GitHub
from healer.edges.forge.local import LocalForge
from healer.edges.store import Delivery, Release, Revert, Store
from healer.model import Conflict, ForgeError, NotFound, Proposal
from healer.pipeline import reverting, stopping
from healer.pipeline.parts import Parts
from healer.pipeline.tending import Tending
from healer.stages import announcement

from tests.github import FakeGitHub
from tests.healer.edges.git_server import Origin
from tests.healer.pipeline.desk import Killed, Mortality, make_template
from tests.healer.samples import a_report

WHEN = "2026-01-02T03:04:05Z"
LINES = "".join(f"line {number}\n" for number in range(1, 9))
FIXED, BROKEN = LINES.replace("line 2", "line two"), LINES.replace("line 7", "line seven")
PAGE = "http://127.0.0.1:9"


class Desk:
    """A real store and tending over a repository; the test is whoever releases, and whoever works on the forge."""

    def __init__(self, folder: Path, template: Path, checkout: Checkout, forge: Any) -> None:
        shutil.copy(template, folder / "healer.db")
        self.store = Store(f"sqlite:///{folder}/healer.db")
        self.checkout = checkout
        self.service = SimpleNamespace(
            name="shop",
            repository="acme/shop",
            autonomy="propose",
            checkout=checkout,
            forge=forge,
            deployment=SimpleNamespace(),
            labels=("healer",),
        )
        self.parts = Parts(self.store, {"shop": self.service}, PAGE, 0)  # type: ignore[dict-item]
        self.restart(0)

    def restart(self, poll_seconds: float) -> None:
        self.tending = Tending(self.parts, None, poll_seconds=poll_seconds)  # type: ignore[arg-type]

    def merged_fix(self, base: str, merged: str | None = None) -> str:
        """An incident whose fix was merged; the merge."""
        incident = self.store.incidents.take(a_report(), "f")
        message = f"Fix the reading\n\n{announcement.trailer(incident.id)}\n"
        head = self.checkout.commit(base, {"app.py": FIXED}, message, WHEN)
        merged = self.checkout.merge(head, "Merge proposal #1\n", WHEN)
        proposal = Proposal(incident.id, 1, "shop", "healer/a-1", "main", head, "Fix the reading", "b", "u")
        self.store.proposals.put(proposal, 1, "")
        self.store.proposals.close(proposal, "merged", merged)
        self.incident_id = incident.id
        return merged

    def left(self, commit: str, previous: str | None, *, origin: str = "push", **known: Any) -> Revert | None:
        """Have this release left."""
        self.store.releases.want("shop", commit, origin, known.pop("incident_id", None))
        self.store.releases.set("shop", commit, "leaving", previous=previous, live_at=WHEN, **known)
        release = self.store.releases.get("shop", commit)
        assert release is not None
        return self.want(release)

    def want(self, release: Release) -> Revert | None:
        reverting.want(self.parts, release, "It crashed again.", ("KeyError in read, 3 times",))
        return self.store.reverts.get("shop", release.commit)

    def look(self) -> None:
        self.tending.turn()

    def revert(self) -> Revert:
        found = self.store.reverts.of_service("shop")
        assert len(found) == 1
        return found[0]

    def events(self, key: str = "service/shop") -> list[str]:
        return [event.type for event in self.store.log.of_key(key) if event.type.startswith("revert.")]

    def why_not(self) -> str:
        event = self.store.log.of_key("service/shop")[-1]
        assert event.type == "revert.impossible"
        return str(event.payload["reason"])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template") / "healer.db")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    made = Origin(tmp_path / "origin.git")
    made.commit("main", {"app.py": LINES, "old.txt": "old\n"}, message="Begin")
    return made


@pytest.fixture
def desk(tmp_path: Path, template: Path, origin: Origin) -> Iterator[Desk]:
    checkout = Checkout(tmp_path / "mirror.git", str(origin.path), "main")
    made = Desk(tmp_path, template, checkout, LocalForge(checkout, PAGE, "secret", PAGE))
    yield made
    made.store.close()


@pytest.fixture
def pushed(desk: Desk, origin: Origin) -> Revert:
    """One push was released and left; its revert is open."""
    previous = desk.checkout.fetch()
    commit = origin.commit("main", {"app.py": BROKEN, "old.txt": None}, message="Sort the rooms")
    desk.left(commit, previous)
    desk.look()
    return desk.revert()


def test_of_a_release_with_our_merge_only_that_is_taken_back_and_the_others_are_named(desk, origin):
    previous = desk.checkout.fetch()
    origin.commit("main", {"new.py": "z = 1\n"}, by="Ada", message="Sort the rooms")
    merged = desk.merged_fix(previous)
    later = origin.commit("main", {"later.py": "w = 1\n"})
    revert = desk.left(merged, previous, origin="proposal", incident_id=desk.incident_id)
    assert revert.branch == f"healer/revert-{merged[:10]}"
    assert revert.title == 'Revert "Fix the reading"'
    assert desk.checkout.sources(revert.head_sha) == {"app.py": LINES, "new.py": "z = 1\n", "later.py": "w = 1\n"}
    assert origin.git("rev-parse", "main") == later
    assert "-line two\n+line 2\n" in revert.diff
    taken, _, others = revert.body.partition("### Released with it")
    assert "by healer on 2026-01-02: Fix the reading" in taken
    assert "by Ada on 2026-01-02: Sort the rooms" in others
    assert f"{PAGE}/incidents/{desk.incident_id}" in revert.body
    assert f"`{previous[:10]}`" in revert.body
    assert desk.events(desk.incident_id) == ["revert.prepared"]
    assert desk.want(desk.store.releases.get("shop", merged)) == revert
    assert desk.events(desk.incident_id) == ["revert.prepared"]


def test_of_a_push_all_is_taken_back(desk, origin):
    previous = desk.checkout.fetch()
    origin.commit("main", {"app.py": BROKEN}, message="Sort the rooms")
    commit = origin.commit("main", {"old.txt": None, "new.py": "z = 1\n"}, message="Tidy")
    revert = desk.left(commit, previous)
    assert revert.title == f"Revert the release of {commit[:10]}"
    assert desk.checkout.changed(previous, revert.head_sha) == ()
    assert "Sort the rooms" in revert.body
    assert desk.events() == ["revert.prepared"]


def test_an_approved_revert_is_merged_and_released(desk, pushed, origin):
    assert (pushed.state, pushed.number, pushed.url) == ("open", 1, f"{PAGE}/services/shop")
    assert origin.tip(pushed.branch) == pushed.head_sha
    assert pushed.title == 'Revert "Sort the rooms"'
    reverting.approve(desk.parts, desk.service, pushed.commit, "operator")
    desk.look()
    revert = desk.revert()
    merge = origin.tip("main")
    assert (revert.state, revert.by, revert.merge_sha) == ("merged", "operator", merge)
    assert desk.checkout.sources(merge) == {"app.py": LINES}
    release = desk.store.releases.get("shop", merge)
    assert (release.origin, release.state) == ("revert", "waiting")
    assert desk.events() == ["revert.prepared", "revert.opened", "revert.merged"]
    with pytest.raises(Conflict, match="approve needs an open revert"):
        reverting.approve(desk.parts, desk.service, pushed.commit, "operator")
    with pytest.raises(NotFound, match="nothing proposes to take the release ffff"):
        reverting.reject(desk.parts, desk.service, "f" * 40, "operator", "")

    desk.left(merge, pushed.commit, origin="revert")
    assert "it is the merge of a revert itself" in desk.why_not()
    assert desk.store.reverts.get("shop", merge) is None


def test_a_rejected_revert_is_closed_and_its_branch_goes(desk, pushed, origin):
    reverting.reject(desk.parts, desk.service, pushed.commit, "operator", "we keep it")
    with pytest.raises(Conflict, match="is being closed: we keep it"):
        reverting.approve(desk.parts, desk.service, pushed.commit, "operator")
    desk.look()
    assert (desk.revert().state, desk.revert().by) == ("closed", "operator")
    assert origin.tip(pushed.branch) == ""
    last = desk.store.log.of_key("service/shop")[-1]
    assert (last.type, last.payload["reason"]) == ("revert.closed", "we keep it")


def test_a_revert_that_is_not_open_yet_can_be_rejected_but_not_approved(desk, origin):
    previous = desk.checkout.fetch()
    commit = origin.commit("main", {"app.py": BROKEN})
    stopping.turn(desk.parts, True, "operator", "a freeze")
    revert = desk.left(commit, previous)
    desk.look()
    assert desk.revert().state == "prepared"
    assert not origin.tip(revert.branch)
    with pytest.raises(Conflict, match="not on its forge yet: All automation was stopped by operator: a freeze"):
        reverting.approve(desk.parts, desk.service, commit, "ada")
    reverting.reject(desk.parts, desk.service, commit, "ada", "")
    desk.look()
    assert (desk.revert().state, desk.events()) == ("closed", ["revert.prepared", "revert.closed"])


def test_one_that_is_not_needed_any_more_is_closed(desk, pushed, origin):
    origin.commit("main", {"other.py": "x = 1\n"})
    desk.look()
    assert desk.revert().state == "open"
    by_hand = origin.commit("main", {"app.py": LINES, "old.txt": "old\n"})
    desk.look()
    assert (desk.revert().state, desk.revert().by) == ("closed", "healer")
    assert by_hand[:10] in str(desk.store.log.of_key("service/shop")[-1].payload["reason"])
    assert origin.tip(pushed.branch) == ""


def test_what_people_add_to_its_branch_is_what_is_decided_on_and_stays(desk, pushed, origin):
    head = origin.commit(pushed.branch, {"why.md": "Because.\n"}, by="Ada")
    desk.store.reverts.set("shop", pushed.commit, state="prepared", number=None)  # as when a kill came after opening it
    desk.look()
    assert (desk.revert().state, desk.revert().head_sha) == ("open", head)
    assert "+Because." in desk.revert().diff
    reverting.reject(desk.parts, desk.service, pushed.commit, "operator", "we keep it")
    desk.look()
    assert desk.revert().state == "closed"
    assert origin.tip(pushed.branch) == head


def test_what_was_decided_on_its_forge_counts(desk, pushed, origin, monkeypatch):
    merged = Standing("merged", pushed.head_sha, "develop", "c" * 40)
    monkeypatch.setattr(desk.service.forge, "standing", lambda _: merged)
    desk.look()
    assert desk.revert().state == "closed"
    assert "merged into develop" in desk.store.log.of_key("service/shop")[-1].payload["reason"]
    assert desk.store.releases.get("shop", "c" * 40) is None
    monkeypatch.undo()

    desk.store.reverts.set("shop", pushed.commit, state="open")
    origin.git("update-ref", "-d", f"refs/heads/{pushed.branch}")
    desk.tending.look_soon(pushed.branch, "ada")
    desk.look()
    assert (desk.revert().state, desk.revert().by) == ("closed", "ada")


def test_a_kill_at_any_write_loses_and_doubles_nothing(desk, origin):
    mortality = Mortality()
    mortality.of_writes(desk.store)

    def live(release: Release) -> None:
        desk.want(release)
        desk.look()
        if desk.store.reverts.get("shop", release.commit).state == "open":
            reverting.approve(desk.parts, desk.service, release.commit, "operator")
        desk.look()

    previous = desk.checkout.fetch()
    for write in range(1, 20):
        commit = origin.commit("main", {f"new{write}.py": "z = 1\n"})
        desk.store.releases.want("shop", commit, "push")
        desk.store.releases.set("shop", commit, "leaving", previous=previous)
        release = desk.store.releases.get("shop", commit)
        mortality.aim(write, writes=True)
        killed = False
        try:
            live(release)
        except Killed:
            killed = True
        mortality.aim(0)
        desk.restart(0)
        live(release)
        revert, previous = desk.store.reverts.get("shop", commit), origin.tip("main")
        assert (revert.state, revert.merge_sha, revert.number) == ("merged", previous, write), write
        assert desk.store.releases.get("shop", previous).origin == "revert"
        assert desk.events()[3 * write - 3 :] == [f"revert.{one}" for one in ("prepared", "opened", "merged")], write
        if not killed:
            break
    assert 6 < write < 19


def test_where_there_can_be_none_the_log_says_why(desk, origin):
    start = desk.checkout.fetch()
    desk.left(start, None, origin="first")
    assert desk.events() == []

    first = origin.commit("main", {"app.py": BROKEN})
    desk.checkout.fetch()
    desk.left(first, None)
    assert "there is no release before it" in desk.why_not()

    second = origin.commit("main", {"app.py": LINES.replace("line 7", "line 7b")})
    desk.store.releases.set("shop", first, previous=start)
    desk.want(desk.store.releases.get("shop", first))
    assert desk.events() == ["revert.impossible"], "once for a release"
    assert desk.store.reverts.get("shop", first) is None

    third = origin.commit("main", {"app.py": LINES.replace("line 7", "line 7c")})
    desk.left(second, first)
    assert "the same lines were changed since" in desk.why_not()

    desk.left(third, "f" * 40)
    assert "has no ffffffffff" in desk.why_not()

    fourth = origin.commit("main", {"app.py": LINES}, onto=start)
    desk.left(fourth, third)
    assert f"it does not hold {third[:10]}, the release before it" in desk.why_not()

    fifth = origin.commit("main", {"old.txt": None})
    desk.service.autonomy = "observe"
    desk.left(fifth, fourth)
    assert "shop has autonomy = observe" in desk.why_not()
    desk.service.autonomy = "propose"

    sixth = origin.commit("main", {"old.txt": "old\n"})
    desk.checkout.fetch()
    origin.commit("main", {"x.py": ""}, onto=start)
    desk.left(sixth, fifth)
    assert "main was rewritten and does not hold it any more" in desk.why_not()
    assert desk.store.reverts.of_service("shop") == ()


def test_two_services_of_one_repository_have_one_revert_of_a_commit(desk, pushed):
    other = SimpleNamespace(**{**vars(desk.service), "name": "stock"})
    desk.parts.services["stock"] = other
    known = desk.store.releases.get("shop", pushed.commit)
    reverting.want(desk.parts, Release(**{**vars(known), "service": "stock"}), "It crashed.", ())
    (event,) = desk.store.log.of_key("service/stock")
    assert (
        event.payload["reason"] == f"the branch {pushed.branch} is that of another service's revert of the same commit"
    )


def test_one_that_its_forge_refuses_does_not_hold_up_the_others_and_is_tried_again(desk, origin, monkeypatch):
    releases = [desk.checkout.fetch()]
    for number in range(2):
        releases.append(origin.commit("main", {f"new{number}.py": "z = 1\n"}))
        refused = desk.left(releases[-1], releases[-2])
    opening, closed = desk.service.forge.open, []

    def refuse(proposal: Proposal, labels: object) -> Proposal:
        if proposal.branch == refused.branch and not closed:
            raise ForgeError("GitHub has a fault of its own")
        return opening(proposal, labels)

    monkeypatch.setattr(desk.service.forge, "open", refuse)
    desk.look()
    assert [one.state for one in desk.store.reverts.of_service("shop")] == ["prepared", "open"]
    assert desk.parts.forges.problem("shop") == "GitHub has a fault of its own"
    closed.append(True)
    desk.parts.forges.worked("shop")
    desk.look()
    assert [one.number for one in desk.store.reverts.of_service("shop")] == [2, 1]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    (tmp_path / "hub").mkdir()
    with FakeGitHub(tmp_path / "hub") as made:
        for login in ("ada", "bob"):
            made.user(login)
        yield made


@pytest.fixture
def on_github(tmp_path: Path, template: Path, hub: FakeGitHub) -> Iterator[Desk]:
    token = hub.token(contents="write", pull_requests="write", metadata="read", checks="read", statuses="read")
    hub.repository("acme/shop", files={"app.py": LINES}, collaborators={"ada": "write"})
    checkout = Checkout(tmp_path / "mirror.git", f"{hub.url}/acme/shop.git", None, Access(token))
    made = Desk(tmp_path, template, checkout, GitHub(f"{hub.url}/api/v3", "acme/shop", token, gap=0))
    yield made
    made.store.close()


def test_on_github_it_is_a_pull_request_and_a_webhook_says_when_to_look(on_github, hub):
    repo = hub.repositories["acme/shop"]
    previous = on_github.checkout.fetch()
    commit = repo.push("main", {"app.py": BROKEN}, by="ada", message="Sort the rooms")
    on_github.left(commit, previous)
    on_github.look()
    pull = repo.pull(1)
    assert (pull.title, pull.draft, pull.labels) == ('Revert "Sort the rooms"', False, ["healer"])
    assert pull.body == on_github.revert().body
    assert on_github.revert().url == f"{hub.url}/acme/shop/pull/1"

    on_github.restart(3600)
    on_github.look()  # the first turn polls
    merged = repo.merge(1, by="ada", method="squash")
    on_github.look()
    assert on_github.revert().state == "open"
    body = {
        "action": "closed",
        "pull_request": {"number": 1},
        "repository": {"full_name": "acme/shop"},
        "sender": {"login": "ada"},
    }
    on_github.tending.deliver(Delivery("d" * 36, "pull_request", body))
    on_github.look()
    assert (on_github.revert().state, on_github.revert().by) == ("merged", "ada")
    assert on_github.store.releases.get("shop", merged).origin == "revert"
    assert repo.files("main") == {"app.py": LINES}
