"""GitHub as a forge, with PyGithub as it is, over HTTP to the strict fake of GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from github.PullRequest import PullRequest
from healer.edges.forge.github import GitHub, discussion
from healer.model import Conflict, ForgeError, Proposal

from tests.github import FakeGitHub, Faults
from tests.github.repository import Repository

BRANCH = "healer/inc-1-1"
RIGHTS = {"contents": "write", "pull_requests": "write", "metadata": "read", "checks": "read", "statuses": "read"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path) as hub:
        for login in ("ada", "bob", "cleo"):
            hub.user(login)
        yield hub


@pytest.fixture
def repo(hub: FakeGitHub) -> Repository:
    return hub.repository(
        "acme/stock", files={"app.py": "stock = 1\n"}, collaborators={"ada": "write", "bob": "read", "cleo": "maintain"}
    )


@pytest.fixture
def forge(hub: FakeGitHub, repo: Repository) -> GitHub:
    return GitHub(f"{hub.url}/api/v3", "acme/stock", hub.token(**RIGHTS), gap=0)


@pytest.fixture
def proposal(hub: FakeGitHub, repo: Repository) -> Proposal:
    head = repo.push(BRANCH, {"app.py": "stock = 2\n"}, by=hub.bot, message="Count right")
    return Proposal("inc-1", 0, "stock", BRANCH, "main", head, "Count right", "It was off by one.", "", "prepared")


@pytest.fixture
def opened(forge: GitHub, proposal: Proposal) -> Proposal:
    return forge.open(proposal, ("healer",))


def asked(hub: FakeGitHub, method: str) -> int:
    return sum(request[0] == method for request in hub.requests)


def test_nothing_is_asked_before_the_first_call(hub, forge):
    assert hub.requests == []
    assert forge.limits().remaining is None


def test_a_proposal_opens_as_a_draft_with_its_labels_and_only_once(hub, repo, forge, proposal):
    first = forge.open(proposal, ("healer", "bug"))
    second = forge.open(proposal, ("healer", "bug"))
    assert first == second
    assert (first.number, first.state) == (1, "open")
    assert first.url.endswith("/acme/stock/pull/1")
    pull = repo.pull(1)
    assert (len(repo.pulls), pull.draft, pull.labels) == (1, True, ["healer", "bug"])
    assert (pull.title, pull.body, pull.head_sha, pull.base) == (
        "Count right",
        proposal.body,
        proposal.head_sha,
        "main",
    )


def test_where_drafts_are_not_to_be_had_it_opens_without(repo, forge, proposal):
    repo.drafts = False
    assert forge.open(proposal, ()).number == 1
    assert not repo.pull(1).draft


def test_labels_that_cannot_be_put_on_do_not_cost_the_proposal(repo, forge, proposal):
    assert forge.open(proposal, ("x" * 60,)).number == 1
    assert repo.pull(1).labels == []


def test_it_opens_against_the_new_name_of_a_renamed_branch(repo, forge, proposal):
    repo.rename_branch("main", "trunk")
    assert forge.open(proposal, ()).number == 1
    assert repo.pull(1).base == "trunk"
    with pytest.raises(ForgeError, match="base is invalid"):
        forge.open(replace(proposal, branch="trunk", base="lost"), ())


@pytest.mark.parametrize("end", ["merged", "closed"])
def test_an_ended_one_of_the_branch_is_found_and_none_opened_beside_it(repo, forge, proposal, end):
    opened = forge.open(proposal, ())
    repo.ready(1, "ada")
    merge_sha = repo.merge(1, by="ada") if end == "merged" else repo.close(1, by="ada")
    assert forge.open(proposal, ("late",)) == replace(opened, state=end, merge_sha=merge_sha)
    assert (len(repo.pulls), repo.pull(1).labels) == (1, [])


def test_what_was_done_although_the_answer_was_lost_is_found_at_once(hub, repo, forge, proposal, monkeypatch):
    monkeypatch.setattr(hub.fate, "of_request", lambda _faults, writes: "reset-after" if writes else None)
    opened = forge.open(proposal, ())
    assert opened.number == 1
    repo.ready(1, "ada")
    assert forge.merge(opened, "operator") == repo.tip("main")


def insist(act):
    """As the pipeline does: again and again."""
    for _ in range(100):
        with suppress(ForgeError):
            return act()
    raise AssertionError("it never worked")


def test_whatever_breaks_on_the_way_each_thing_is_done_once(hub, repo, forge, proposal):
    hub.faults = Faults(rate=0.25, kinds=("5xx", "reset-after", "reset-before"))
    other = replace(proposal, branch="healer/inc-2-1", incident_id="inc-2")
    other = replace(other, head_sha=repo.push(other.branch, {"more.py": ""}, by=hub.bot))
    for one in (proposal, other):
        opened = insist(lambda one=one: forge.open(one, ("healer",)))
        for key in ("a", "b", "c"):
            insist(lambda opened=opened, key=key: forge.say(opened, key, key))
        insist(lambda opened=opened: forge.ready(opened))
    merge_sha = insist(lambda: forge.merge(replace(proposal, number=1), "operator"))
    insist(lambda: forge.close(replace(other, number=2), "Gone.", "healer"))
    hub.faults = Faults()
    assert [(pull.merged, pull.merge_commit_sha == merge_sha) for pull in repo.pulls] == [(True, True), (False, False)]
    assert [[text[:1] for _, text in pull.comments] for pull in repo.pulls] == [["a", "b", "c"], ["a", "b", "c", "G"]]
    assert other.branch not in repo.git.heads()


def test_title_and_text_are_changed_only_where_they_differ(hub, repo, forge, opened):
    forge.update(opened)
    assert asked(hub, "PATCH") == 0
    forge.update(replace(opened, title="Count from one", body="Better."))
    assert (repo.pull(1).title, repo.pull(1).body) == ("Count from one", "Better.")


def test_an_unchanged_one_costs_nothing(hub, forge, opened):
    for _ in range(2):  # GitHub works out whether it conflicts after it was asked
        forge.standing(opened)
    before = forge.limits()
    assert before.limit == 5000
    for _ in range(3):
        standing = forge.standing(opened)
    assert forge.limits().remaining == before.remaining
    assert [status for _, _, status in hub.requests[-3:]] == [304] * 3
    assert (standing.state, standing.draft, standing.base, standing.conflicting) == ("open", True, "main", False)
    assert standing.head_sha == opened.head_sha


def test_a_merge_is_seen_with_its_commit_and_who_did_it(repo, forge, opened):
    repo.ready(1, "ada")
    merge_sha = repo.merge(1, by="ada", method="squash")
    standing = forge.standing(opened)
    assert (standing.state, standing.merge_sha, standing.by) == ("merged", merge_sha, "ada")


def test_one_that_is_closed_carries_no_merge(repo, forge, opened):
    forge.standing(opened)
    repo.close(1, by="ada")
    standing = forge.standing(opened)
    assert (standing.state, standing.merge_sha, standing.by) == ("closed", None, "")


def test_conflicts_and_a_renamed_base_are_seen(repo, forge, opened):
    repo.push("main", {"app.py": "stock = 3\n"}, by="ada")
    repo.rename_branch("main", "trunk")
    forge.standing(opened)  # GitHub works it out after it was asked for
    standing = forge.standing(opened)
    assert (standing.conflicting, standing.base) == (True, "trunk")


def test_one_that_is_gone_is_named(forge, opened):
    with pytest.raises(ForgeError, match=r"#7 of acme/stock is not there: it or the repository was deleted"):
        forge.standing(replace(opened, number=7))


def test_another_one_with_the_same_number_is_not_taken_for_ours(forge, opened):
    with pytest.raises(ForgeError, match="not of the branch healer/inc-2-1"):
        forge.standing(replace(opened, branch="healer/inc-2-1"))


CHECKS = [  # check runs, statuses, what they come to
    ([], [], "none"),
    ([("build", "success"), ("lint", "neutral"), ("docs", "skipped")], [], "passed"),
    ([("build", "success"), ("lint", None)], [("ci/x", "success")], "pending"),
    ([("build", "failure"), ("build", "success")], [], "passed"),
    ([("build", "success"), ("lint", "timed_out")], [("ci/x", "pending")], "failed"),
    ([("build", "action_required")], [], "failed"),
    ([], [("ci/x", "success")], "passed"),
    ([("build", "success")], [("ci/x", "failure")], "failed"),
    ([], [("ci/x", "pending")], "pending"),
]


def test_checks_and_statuses_come_to_one_result(hub, repo, forge, proposal):
    results = []
    for number, (checks, statuses, _) in enumerate(CHECKS):
        sha = repo.push(BRANCH, {"more.py": str(number)}, by=hub.bot)
        for name, conclusion in checks:
            repo.check(sha, name, conclusion)
        for context, state in statuses:
            repo.status(sha, context, state)
        results.append(forge.checks(replace(proposal, head_sha=sha)))
    assert results == [result for _, _, result in CHECKS]


def test_checks_that_the_token_may_not_see_are_unknown(hub, repo, forge, opened):
    blind = GitHub(f"{hub.url}/api/v3", "acme/stock", hub.token(contents="read", pull_requests="read"), gap=0)
    assert blind.checks(opened) == "unknown"
    token = hub.token(contents="read", pull_requests="read", statuses="read")
    half = GitHub(f"{hub.url}/api/v3", "acme/stock", token, gap=0)
    assert half.checks(opened) == "unknown"
    repo.status(opened.head_sha, "ci/x", "failure")
    assert half.checks(opened) == "failed"


def test_what_people_say_is_read_and_what_we_say_is_not(hub, repo, forge, opened):
    one = repo.comment(1, by="bob", text="Why?\r\nI mean \x1b[31mwhy\x07.")
    forge.say(opened, "explain-1", "Because.")
    two = repo.review(
        1, by="ada", state="CHANGES_REQUESTED", text="Not so.", lines=[("app.py", 1, "Here."), ("app.py", 1, "And.")]
    )
    three = repo.review(1, by="cleo", state="APPROVED")
    repo.review(1, by="cleo", state="PENDING", text="Not said yet.")
    four = repo.review(1, by="bob", state="COMMENTED", lines=[("app.py", 1, "x" * 5000)])
    remarks = forge.remarks(opened)
    assert {(remark.id, remark.kind, remark.by) for remark in remarks} == {
        (f"comment-{one}", "comment", "bob"),
        (f"review-{two}", "changes", "ada"),
        (f"review-{three}", "approval", "cleo"),
        (f"review-{four}", "comment", "bob"),
    }
    texts = {remark.id: remark.text for remark in remarks}
    assert texts[f"comment-{one}"] == "Why?\nI mean [31mwhy."
    assert texts[f"review-{two}"] == "Not so.\napp.py:1: Here.\napp.py:1: And."
    assert len(texts[f"review-{four}"]) == 4000
    assert [remark.at for remark in remarks] == sorted(remark.at for remark in remarks)
    assert all(datetime.fromisoformat(remark.at).tzinfo == UTC for remark in remarks)


def test_a_review_that_comes_while_they_are_read_has_its_lines(repo, forge, opened, monkeypatch):
    read = PullRequest.get_reviews

    def read_after_another(pull):
        repo.review(1, by="ada", state="CHANGES_REQUESTED", text="Not so.", lines=[("app.py", 1, "but so")])
        return read(pull)

    monkeypatch.setattr(PullRequest, "get_reviews", read_after_another)
    assert [remark.text for remark in forge.remarks(opened)] == ["Not so.\napp.py:1: but so"]


def test_of_many_remarks_the_newest_hundred_are_read(repo, forge, opened):
    ids = [repo.comment(1, by="ada", text=str(number)) for number in range(230)]
    assert {remark.id for remark in forge.remarks(opened)} == {f"comment-{number}" for number in ids[-100:]}


def test_remarks_are_read_again_only_when_something_was_said(hub, repo, forge, opened, monkeypatch):
    repo.comment(1, by="ada", text="One.")
    forge.remarks(opened)
    assert forge.standing(opened).updated_at == ""  # more may come within this second
    repo.comment(1, by="ada", text="Two.")
    assert len(forge.remarks(opened)) == 2
    monkeypatch.setattr(discussion, "SETTLED_SECONDS", 0.0)
    assert len(forge.remarks(opened)) == 2
    before = forge.standing(opened).updated_at
    count = len(hub.requests)
    assert len(forge.remarks(opened)) == 2
    assert [status for _, _, status in hub.requests[count:]] == [304]
    repo.review(1, by="cleo", state="COMMENTED", text="Three.", lines=[("app.py", 1, "Four.")])
    assert forge.standing(opened).updated_at != before
    assert forge.remarks(opened)[-1].text == "Three.\napp.py:1: Four."


def test_who_may_write(forge):
    known = ("ada", "cleo", "acme", "bob", "nobody")
    assert [login for login in known if forge.may_write(login)] == ["ada", "cleo", "acme"]


def test_an_odd_login_is_not_even_asked_about(hub, forge):
    for login in ("", "../../user", "a" * 40, "ada\n", "ada/x", "å", "dependabot[bot]"):
        assert not forge.may_write(login)
    assert hub.requests == []


def test_each_thing_is_said_once(repo, forge, opened):
    repo.comment(1, by="bob", text="<!-- healer:comment-5 -->")  # somebody who wants us silent
    for _ in range(2):
        forge.say(opened, "comment-5", "Here is why.")
        forge.say(opened, "comment-5-->", "And more.")
    said = [text for login, text in repo.pull(1).comments if login != "bob"]
    assert said == ["Here is why.\n\n<!-- healer:comment-5 -->", "And more.\n\n<!-- healer:comment-5_-_ -->"]


def test_a_draft_is_made_ready(hub, repo, forge, opened):
    forge.ready(opened)
    assert not repo.pull(1).draft
    posts = asked(hub, "POST")
    forge.ready(opened)
    assert asked(hub, "POST") == posts


def test_one_reviewer_is_asked_once(repo, forge, opened):
    repo.team("counters", "cleo")
    owners = ("owner@example.org", "@stranger", "@other/team", "@acme/absent", "@acme/counters", "@ada")
    assert forge.ask_review(opened, owners, "") == "acme/counters"
    assert forge.ask_review(opened, ("@ada",), "") == "acme/counters"
    assert repo.pull(1).reviewers == ["acme/counters"]


def test_without_owners_the_author_of_the_suspect_commit_is_asked(hub, repo, forge, opened):
    ours = repo.push("main", {"x.py": ""}, by=hub.bot)
    theirs = repo.push("main", {"y.py": ""}, by="ada")
    assert forge.ask_review(opened, (f"@{hub.bot}",), ours) == ""
    assert forge.ask_review(opened, (), "f" * 40) == ""
    assert forge.ask_review(opened, (), theirs) == "ada"


def test_who_has_reviewed_already_is_not_asked_again(repo, forge, opened):
    repo.review(1, by="ada", state="APPROVED")
    assert forge.ask_review(opened, ("@cleo",), "") == "ada"
    assert repo.pull(1).reviewers == []


@pytest.mark.parametrize("methods", [("merge", "squash", "rebase"), ("rebase",)])
def test_it_is_merged_in_the_way_that_the_repository_allows(repo, forge, opened, methods):
    repo.methods = methods
    merge_sha = forge.merge(opened, "operator")
    assert repo.tip("main") == merge_sha == repo.pull(1).merge_commit_sha
    assert repo.files("main")["app.py"] == "stock = 2\n"
    assert ("Approved by operator." in repo.git.text("log", "-1", "--format=%B", "main")) == ("merge" in methods)
    assert forge.merge(opened, "operator") == merge_sha


def test_a_merge_that_the_rules_forbid_is_a_conflict_with_githubs_words(repo, forge, opened):
    repo.protect("main", reviews=1)
    with pytest.raises(Conflict, match="At least 1 approving review is required"):
        forge.merge(opened, "operator")
    repo.methods = ()
    with pytest.raises(Conflict, match="not allowed on this repository"):
        forge.merge(opened, "operator")


def test_only_what_was_approved_is_merged(repo, forge, opened):
    repo.push(BRANCH, {"app.py": "stock = 4\n"}, by="ada")
    with pytest.raises(Conflict, match="other commits now"):
        forge.merge(opened, "operator")
    repo.close(1, by="ada")
    with pytest.raises(Conflict, match="is closed"):
        forge.merge(opened, "operator")


def test_closing_says_why_and_deletes_the_branch(repo, forge, opened):
    for _ in range(2):
        forge.close(opened, "The crash is gone.", "healer")
    pull = repo.pull(1)
    assert (pull.state, pull.merged) == ("closed", False)
    assert [text for _, text in pull.comments] == ["The crash is gone.\n\n<!-- healer:closed -->"]
    assert BRANCH not in repo.git.heads()


def test_a_branch_with_commits_of_others_is_kept(repo, forge, opened):
    tip = repo.push(BRANCH, {"app.py": "stock = 4\n"}, by="ada")
    forge.close(opened, "The crash is gone.", "healer")
    assert repo.pull(1).state == "closed"
    assert repo.tip(BRANCH) == tip


def test_what_is_merged_is_not_closed(repo, forge, opened):
    repo.ready(1, "ada")
    repo.merge(1, by="ada")
    with pytest.raises(ForgeError, match="#1 is merged"):
        forge.close(opened, "The crash is gone.", "healer")
    assert repo.pull(1).comments == []
