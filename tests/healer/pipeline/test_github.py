"""The whole life of proposals on GitHub: a real healer process against the strict fake, with real git and webhooks."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.healer.github_site import GitHubSite
from tests.healer.site import SERVICE, TESTS

CODEOWNERS = {".github/CODEOWNERS": "* @owen\n"}
TEMPLATE = {".github/pull_request_template.md": "## Checklist\n- [ ] I read the contribution guide\n"}


@pytest.fixture
def site(tmp_path, request):
    made = GitHubSite(tmp_path, **getattr(request, "param", {}))
    yield made
    made.close()


@pytest.mark.parametrize("site", [{"files": {**CODEOWNERS, **TEMPLATE}}], indirect=True)
def test_from_a_crash_to_a_release_by_a_merge_on_github(site):
    incident_id = site.proposed()
    incident = site.incident(incident_id)
    pull = site.pull()
    assert incident["proposal"]["number"] == 1
    assert incident["proposal"]["url"] == f"{site.hub.url}/acme/stock/pull/1"
    assert pull.draft
    assert pull.labels == ["healer"]
    assert "guardrails" in pull.body
    assert "I read the contribution guide" in pull.body
    assert pull.head_sha == incident["proposal"]["head_sha"]
    assert f"Healer-Incident: {incident_id}" in site.git("log", "-1", "--format=%B", pull.head_sha)

    site.repo.check(pull.head_sha, "build", None)
    site.repo.check(pull.head_sha, "build", "success")
    site.wait(lambda: not site.pull().draft)
    site.wait(lambda: site.pull().reviewers == ["owen"])

    merged = site.repo.merge(1, by="ada", method="squash")
    site.until(incident_id, "soaking")
    assert site.supervisor.changes == [merged]
    decided = next(event for event in site.incident(incident_id)["events"] if event["type"] == "proposal.merged")
    assert decided["payload"]["by"] == "ada"
    assert decided["payload"]["merge_sha"] == merged


def test_people_are_answered_and_only_those_who_may_write(site):
    incident_id = site.proposed()
    site.repo.comment(1, by="bob", text="/heal ignore")
    site.repo.comment(1, by="ada", text="/heal explain")
    site.wait(lambda: site.said("KeyError"))
    assert site.incident(incident_id)["state"] == "proposed"
    site.repo.close(1, by="ada")
    # A poll that comes before the delivery does not know by whom.
    assert site.until(incident_id, "rejected")["reason"] in ("closed unmerged by ada", "closed unmerged")
    site.repo.reopen(1, by="ada")
    site.until(incident_id, "proposed")
    site.repo.comment(1, by="ada", text="/heal ignore")
    assert site.until(incident_id, "rejected")["reason"].startswith("ignored by ada")
    site.wait(lambda: site.pull().state == "closed")


def test_a_review_that_asks_for_changes_starts_a_round_and_the_third_without_success_is_the_last(site):
    incident_id = site.proposed()
    for number in (1, 2, 3):
        site.repo.review(1, by="ada", state="CHANGES_REQUESTED", text=f"answer otherwise, {number}")
        site.wait(lambda: site.incident(incident_id)["attempt"] == number + 1)  # noqa: B023
        site.until(incident_id, "proposed")
    site.repo.review(1, by="ada", state="CHANGES_REQUESTED", text="and again")
    site.wait(lambda: site.said("After 3 rounds"))
    assert site.incident(incident_id)["attempt"] == 4
    assert len(site.repo.pulls) == 1


def test_a_round_gives_what_was_asked_for_on_the_same_pull_request(site):
    incident_id = site.proposed()
    first = site.pull().head_sha
    site.repo.review(
        1, by="ada", state="CHANGES_REQUESTED", text="Not a 404 here.", lines=[("app.py", 20, "we answer 422")]
    )
    site.wait(lambda: site.pull().head_sha != first)
    incident = site.until(incident_id, "proposed")
    assert "+        raise HTTPException(422," in incident["proposal"]["diff"]
    assert "as was asked for" in next(item for item in incident["verdicts"] if item["chosen"])["reason"]
    site.wait(lambda: "422" in site.pull().title)
    assert len(site.repo.pulls) == 1
    assert site.git("rev-list", "--count", f"main..{site.pull().head_sha}") == "1"


@pytest.mark.parametrize("site", [{"hooked": False}], indirect=True)
def test_without_a_webhook_everything_is_found_by_polling(site):
    incident_id = site.proposed()
    site.repo.comment(1, by="ada", text="/heal explain")
    site.wait(lambda: site.said("KeyError"))
    site.repo.ready(1, by="ada")
    merged = site.repo.merge(1, by="ada", method="merge")
    site.until(incident_id, "soaking")
    assert site.supervisor.changes == [merged]


def test_what_a_person_adds_stays_is_proved_again_and_is_released_with_the_merge(site):
    incident_id = site.proposed()
    branch = site.incident(incident_id)["proposal"]["branch"]
    text = site.git("show", f"{branch}:app.py")
    head = site.repo.push(branch, {"app.py": f"{text}\n# amended\n"}, by="ada", message="Add a remark")
    site.wait(lambda: site.said("Ada added commits"))
    assert site.said(f"I proved `{head[:10]}` again: the crash is gone")
    assert site.incident(incident_id)["proposal"]["head_sha"] == head
    site.repo.comment(1, by="ada", text="/heal rebase")
    site.wait(lambda: len(site.pull().comments) == 3)  # ours, hers, and why not
    assert site.pull().head_sha == head
    site.repo.ready(1, by="ada")
    merged = site.repo.merge(1, by="ada", method="merge")
    site.until(incident_id, "soaking")
    assert site.supervisor.changes == [merged]


def test_a_moved_base_is_followed_and_a_crash_that_is_gone_closes_the_proposal(site):
    incident_id = site.proposed()
    first = site.pull().head_sha
    moved = site.repo.push("main", {"README.md": "# Stock\n"}, by="ada", message="Say what it is")
    site.repo.comment(1, by="ada", text="/heal rebase")
    site.wait(lambda: site.pull().head_sha != first)
    site.until(incident_id, "proposed")
    assert site.git("rev-parse", f"{site.pull().head_sha}^") == moved

    fixed = site.git("show", "main:app.py").replace("STOCK[name]", "STOCK.get(name, 0)")
    site.repo.push("main", {"app.py": f"{fixed}\n"}, by="ada", message="Answer for all names")
    site.repo.comment(1, by="ada", text="/heal rebase")
    site.wait(lambda: site.pull().state == "closed")
    assert site.until(incident_id, "declined")["reason"]
    assert not site.pull().merged


def test_a_base_that_was_rewritten_and_renamed_is_followed(site):
    incident_id = site.proposed()
    first = site.pull().head_sha
    files = {"app.py": SERVICE, "tests/test_app.py": TESTS, "NEWS.md": "# News\n"}
    start = site.repo.push("main", files, by="ada", message="Start anew", force=True)
    assert site.git("rev-list", "--count", start) == "1"
    site.repo.rename_branch("main", "trunk")
    site.repo.comment(1, by="ada", text="/heal rebase")
    site.wait(lambda: site.pull().head_sha != first)
    site.until(incident_id, "proposed")
    assert site.pull().base == "trunk"
    assert site.git("rev-parse", f"{site.pull().head_sha}^") == start
    site.repo.ready(1, by="ada")
    merged = site.repo.merge(1, by="ada", method="rebase")
    site.until(incident_id, "soaking")
    assert site.supervisor.changes == [merged]


def test_the_operator_merges_rejects_and_discusses_from_here_too(site):
    incident_id = site.proposed()
    site.act(incident_id, "comment", text="/heal explain")
    site.wait(lambda: site.said("KeyError"))
    answer = site.http.post(f"/api/v1/incidents/{incident_id}/approve", json={"head_sha": "0" * 40})
    assert answer.status_code == 409
    site.act(incident_id, "approve", head_sha=site.pull().head_sha)
    site.until(incident_id, "soaking")
    assert site.pull().merged
    assert site.supervisor.changes == [site.pull().merge_commit_sha]


def test_the_token_is_nowhere(site):
    incident_id = site.proposed()
    site.repo.ready(1, by="ada")
    site.repo.merge(1, by="ada", method="merge")
    site.until(incident_id, "soaking")
    token = site.token.encode()
    for path in site.folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name != "token" and "hub" not in path.parts:
            assert token not in path.read_bytes(), path
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            with suppress(OSError):  # it ended meanwhile, or is somebody else's
                assert token not in (process / name).read_bytes(), (process, name)
