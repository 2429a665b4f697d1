"""What people do with proposals is remembered, and the next candidates are ordered by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from healer.edges.llm import Served
from healer.edges.store import Store
from healer.model import LlmError, Outcome, Outcomes, Prompt, State
from healer.pipeline.asking import Asking
from healer.syntax.situation import Situation

from tests.healer.pipeline.one_proposal import OneProposal
from tests.healer.samples import a_diagnosis, a_report
from tests.healer.site import SERVICE

LEFT = """

@app.get("/left/{name}")
def left(name: str):
    return {"count": STOCK[name]}
"""
FRAME = {
    "file": "app.py",
    "line": len((SERVICE + LEFT).splitlines()),
    "function": "left",
    "in_app": True,
    "source": 'return {"count": STOCK[name]}',
    "locals": {"name": "'mug'"},
}


@pytest.mark.parametrize("site", [{"service": SERVICE + LEFT}], indirect=True)
def test_what_people_reject_is_not_proposed_for_ever_and_what_they_merge_is_remembered(site):
    incident_id = site.report(1, "/left/mug", frames=[FRAME])
    incident = site.until(incident_id, "proposed")
    diagnosis = incident["diagnosis"]
    assert (diagnosis["suspect"]["author"], diagnosis["suspect"]["summary"]) == ("healer", "Start of the service")
    assert [site["function"] for site in diagnosis["siblings"]] == ["stock"]
    assert "### Not changed here, but looks alike\n- app.py:" in incident["proposal"]["body"]
    assert "was last changed in " in incident["proposal"]["body"]

    site.act(incident_id, "approve")
    site.until(incident_id, "soaking")
    store = Store(f"sqlite:///{site.folder}/home/healer.db")
    assert list(store.proposals.outcomes("stock", "missing-key").values()) == [Outcomes(merged=1)]
    assert [fix.diff for fix in store.proposals.merged_fixes("stock")] == [incident["proposal"]["diff"]]
    site.act(incident_id, "rollback", reason="too slow")
    site.until(incident_id, "rolled_back")
    site.wait(lambda: Outcomes(rolled_back=1) in store.proposals.outcomes("stock", "missing-key").values())
    assert store.proposals.merged_fixes("stock") == ()

    other_id = site.report(2)
    rejected = 0
    while (incident := site.until(other_id, "proposed", "declined"))["state"] == "proposed" and rejected < 12:
        site.act(other_id, "reject", reason="not this way")
        site.until(other_id, "rejected")
        site.act(other_id, "retry")
        rejected += 1
    assert incident["reason"].startswith("No candidate is sure enough to be proposed.")
    assert Outcomes(rejected=rejected, rolled_back=1) in store.proposals.outcomes("stock", "missing-key").values()
    store.close()


@pytest.fixture
def desk(tmp_path):
    made = OneProposal(tmp_path)
    yield made
    made.store.close()


def test_a_merge_of_the_proposed_head_is_merged_and_one_closed_unmerged_rejected(desk):
    assert desk.closed(desk.head) is Outcome.MERGED
    assert desk.closed(desk.head, merged=False) is Outcome.MERGED


def test_one_closed_unmerged_is_rejected(desk):
    assert desk.closed(desk.head, merged=False) is Outcome.REJECTED


def test_a_merge_with_other_lines_in_the_file_we_changed_is_changed(desk):
    assert desk.closed(desk.commit({"a.py": "x = 3\n"})) is Outcome.CHANGED
    # It is a merge all the same; the release proves the merged code before it serves a request.
    assert desk.store.incidents.get(desk.incident_id).state == State.MERGED


def test_a_merge_with_more_beside_our_fix_is_merged(desk):
    assert desk.closed(desk.commit({"b.py": "y = 2\n"})) is Outcome.MERGED


def test_a_merged_head_that_is_nowhere_is_other_work(desk):
    assert desk.closed("d" * 40) is Outcome.CHANGED


def test_the_model_is_shown_what_was_merged_in_the_same_service(desk):
    desk.closed(desk.head)
    other = replace(desk.proposal, service="other", branch="healer/b-1")
    desk.store.proposals.put(replace(other, incident_id=desk.incident_id), 2, desk.diff.replace("x = 2", "secret = 2"))
    desk.store.proposals.settle(other, Outcome.MERGED)
    source = {"app/main.py": "TABLE = {}\n" * 10 + "def read(key):\n    value = TABLE[key]\n    return value\n"}
    situation = Situation.of(a_report(), source)
    assert situation is not None
    llm = Listening()
    incident = desk.store.incidents.get(desk.incident_id)
    asking = Asking(desk.parts, llm, incident, judge=pytest.fail, file=pytest.fail)
    assert asking.run(situation, a_diagnosis(category="c"), (), frozenset()) == "enough"
    assert "A failure of this kind (c) was fixed in this service like this:\n```python\nx = 2\n" in llm.asked
    assert "secret" not in llm.asked


class Listening:
    """A model that answers nothing."""

    asked = ""

    def served(self) -> Served:
        return Served("m", 4096)

    def count(self, messages: Any) -> int:
        return sum(len(message.content) for message in messages) // 4

    def answer(self, prompt: Prompt, **_options: object) -> Any:
        self.asked = prompt.messages[1].content
        raise LlmError("enough")
