"""What becomes of pull requests, by GitHub's rules."""

import base64

import pytest

from tests.github import Refused

PULLS = "/repos/acme/stock/pulls"
FIX = {"title": "Count right", "head": "fix", "base": "main"}


def the_error(answer):
    assert answer.status_code == 422
    return answer.json()["errors"][0]["message"]


def test_one_pull_request_for_a_branch(repo, client):
    made = client.post(PULLS, json={**FIX, "body": "Off by one.", "draft": True}).json()
    assert (made["number"], made["state"], made["draft"], made["mergeable"]) == (1, "open", True, None)
    assert made["head"]["sha"] == repo.tip("fix")
    assert (made["commits"], made["additions"], made["deletions"], made["changed_files"]) == (1, 1, 1, 1)
    assert the_error(client.post(PULLS, json=FIX)) == "A pull request already exists for acme:fix."
    repo.close(1, by="ada")
    assert client.post(PULLS, json=FIX).json()["number"] == 2
    found = client.get(PULLS, params={"head": "acme:fix", "state": "all"}).json()
    assert [(pull["number"], pull["state"]) for pull in found] == [(2, "open"), (1, "closed")]
    assert client.get(PULLS, params={"head": "acme:other", "state": "all"}).json() == []


def test_what_cannot_become_one(repo, client):
    assert the_error(client.post(PULLS, json={**FIX, "head": "main"})) == "No commits between main and main"
    assert client.post(PULLS, json={**FIX, "head": "gone"}).json()["errors"][0]["field"] == "head"
    too_long = client.post(PULLS, json={**FIX, "body": "x" * 65537})
    assert the_error(too_long) == "body is too long (maximum is 65536 characters)"
    repo.drafts = False
    answer = client.post(PULLS, json={**FIX, "draft": True})
    assert answer.json()["message"] == "Draft pull requests are not supported in this repository."
    assert repo.pulls == []


def test_mergeability_is_told_when_it_is_worked_out(repo, client):
    client.post(PULLS, json=FIX)
    first, second = (client.get(PULLS + "/1").json() for _ in range(2))
    assert (first["mergeable"], first["mergeable_state"]) == (None, "unknown")
    assert (second["mergeable"], second["mergeable_state"]) == (True, "clean")
    assert repo.git.commit(second["merge_commit_sha"]).parents == (repo.tip("main"), repo.tip("fix"))
    repo.push("main", {"app.py": "count = 5\n"}, by="ada")
    first, second = (client.get(PULLS + "/1").json() for _ in range(2))
    assert (first["mergeable"], first["base"]["sha"]) == (None, repo.tip("main"))
    assert (second["mergeable"], second["mergeable_state"]) == (False, "dirty")
    assert client.put(PULLS + "/1/merge", json={}).status_code == 405


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_merging(repo, client, method):
    repo.push("fix", {"other.py": "count = 3\n"}, by="ada", message="More")
    client.post(PULLS, json=FIX)
    repo.push("main", {"README.md": "# Stock\n"}, by="ada")
    before, head = repo.tip("main"), repo.tip("fix")
    sha = client.put(PULLS + "/1/merge", json={"sha": head, "merge_method": method}).json()["sha"]
    assert sha == repo.tip("main") == repo.pull(1).merge_commit_sha
    assert repo.files("main") == {"README.md": "# Stock\n", "app.py": "count = 2\n", "other.py": "count = 3\n"}
    commit = repo.git.commit(sha)
    assert {
        "merge": commit.parents == (before, head) and commit.message.startswith("Merge pull request #1 from acme/fix"),
        "squash": commit.parents == (before,) and commit.message == "Count right (#1)",
        "rebase": repo.git.commit(commit.parents[0]).parents == (before,) and commit.message == "More",
    }[method]
    merged = client.get(PULLS + "/1").json()
    assert (merged["state"], merged["merged"], merged["merged_by"]["login"]) == ("closed", True, repo.hub.bot)
    assert client.get(PULLS + "/1/merge").status_code == 204
    assert client.put(PULLS + "/1/merge", json={}).json()["message"] == "Pull Request is not mergeable"


def test_what_keeps_one_from_being_merged(repo, client):
    client.post(PULLS, json={**FIX, "draft": True})

    def refused(**body):
        answer = client.put(PULLS + "/1/merge", json=body)
        return answer.status_code, answer.json()["message"]

    assert refused() == (405, "Pull Request is still a draft")
    repo.ready(1, "ada")
    assert refused(sha="0" * 40) == (409, "Head branch was modified. Review and try the merge again.")
    repo.methods = ("squash",)
    assert refused() == (405, "Merge commits are not allowed on this repository.")
    repo.protect("main", reviews=1)
    needed = "At least 1 approving review is required by reviewers with write access."
    assert refused(merge_method="squash") == (405, needed)
    repo.review(1, by="bob", state="APPROVED")
    assert refused(merge_method="squash") == (405, needed)
    repo.review(1, by="ada", state="CHANGES_REQUESTED", text="No.")
    assert refused(merge_method="squash")[1] == "Changes were requested by a reviewer with write access."
    repo.review(1, by="ada", state="APPROVED")
    assert client.put(PULLS + "/1/merge", json={"merge_method": "squash"}).status_code == 200


def test_a_push_to_its_branch_shows(repo, client):
    pull = repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    amended = repo.push("fix", {"app.py": "count = 4\n"}, by="ada", force=True)
    assert client.get(PULLS + "/1").json()["head"]["sha"] == amended == pull.head_sha
    assert len(repo.git.between(repo.tip("main"), amended)) == 1
    repo.delete_branch("fix", by="ada")
    assert (pull.state, pull.merged, pull.closed_by) == ("closed", False, "ada")
    message = "state cannot be changed. The fix branch has been deleted."
    assert the_error(client.patch(PULLS + "/1", json={"state": "open"})) == message


def test_one_that_is_closed_may_be_opened_again(repo, client):
    repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    assert client.patch(PULLS + "/1", json={"state": "closed"}).json()["state"] == "closed"
    tip = repo.push("fix", {"app.py": "count = 4\n"}, by="ada")
    assert repo.pull(1).head_sha != tip
    assert client.patch(PULLS + "/1", json={"state": "open"}).json()["head"]["sha"] == tip
    repo.close(1, by="ada")
    repo.push("fix", {"app.py": "count = 5\n"}, by="ada", force=True)
    with pytest.raises(Refused, match="Validation Failed"):
        repo.reopen(1, by="ada")


def test_merged_by_hand(repo):
    """Somebody merges the branch at home and pushes the base."""
    pull = repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    merged = repo.git.commit(pull.head_sha).tree
    sha = repo.git.commit_tree(merged, [repo.tip("main"), pull.head_sha], "By hand", *[repo.hub.person("ada")] * 2)
    repo.git.set_ref("refs/heads/main", sha)
    repo.push("main", {"README.md": "# Stock\n"}, by="ada")
    assert (pull.state, pull.merged, pull.merged_by, pull.merge_commit_sha) == ("closed", True, "ada", sha)


def test_a_branch_that_lost_its_commits_is_closed(repo):
    pull = repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    repo.git.set_ref("refs/heads/fix", repo.tip("main"))
    repo.push("other", {"README.md": "# Stock\n"}, by="ada")
    assert (pull.state, pull.merged) == ("closed", False)


def test_a_renamed_default_branch(repo, client):
    pull = repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    repo.rename_branch("main", "trunk")
    assert client.get("/repos/acme/stock").json()["default_branch"] == pull.base == "trunk"
    moved = client.get("/repos/acme/stock/branches/main")
    assert (moved.status_code, moved.headers["location"]) == (301, f"{repo.api}/branches/trunk")
    assert client.get(moved.headers["location"]).json()["commit"]["sha"] == repo.tip("trunk")
    assert repo.merge(1, by="ada") == repo.tip("trunk")


def test_edits(repo, client):
    repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    repo.push("next", {"README.md": "# Next\n"}, by="ada")
    shown = client.patch(PULLS + "/1", json={"title": "Count", "body": "", "base": "next"}).json()
    assert (shown["title"], shown["body"], shown["base"]["ref"]) == ("Count", "", "next")
    assert client.patch(PULLS + "/1", json={"base": "gone"}).status_code == 422
    label = client.post("/repos/acme/stock/issues/1/labels", json={"labels": ["Healer"]}).json()
    assert [one["name"] for one in label] == repo.pull(1).labels == ["Healer"]
    assert client.get("/repos/acme/stock/labels/healer").status_code == 200


def test_code_owners_are_asked_once_it_is_ready(hub, client):
    files = {".github/CODEOWNERS": "* @bob\n*.py @ada @acme/core @eve\n/docs/ @bob\n", "app.py": "count = 1\n"}
    repo = hub.repository("acme/owned", files, collaborators={"ada": "write", "bob": "write"})
    repo.team("core", "ada")
    repo.push("fix", {"app.py": "count = 2\n"}, by=hub.bot)
    repo.push("text", {"docs/a/b.md": "x", "app.py": "count = 3\n"}, by="ada")
    code = repo.open_pull("fix", by=hub.bot, title="Count right", draft=True)
    assert code.reviewers == []
    repo.ready(1, "ada")
    assert code.reviewers == ["ada", "acme/core"]  # eve may not write here
    assert repo.open_pull("text", by="ada", title="Words").reviewers == ["bob", "acme/core"]
    repo.review(1, by="ada", state="APPROVED")
    assert code.reviewers == []  # ada is of that team
    repo.draft(1, "ada")
    repo.ready(1, "ada")
    assert code.reviewers == []


def test_reviewers(repo, client):
    repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    repo.team("core", "ada")
    ask = PULLS + "/1/requested_reviewers"
    for body in ({"reviewers": ["nobody"]}, {"team_reviewers": ["nowhere"]}):
        answer = client.post(ask, json=body)
        assert (answer.status_code, "is not a collaborator" in answer.json()["message"]) == (422, True)
    answer = client.post(ask, json={"reviewers": [repo.hub.bot]})
    assert answer.json()["message"] == "Review cannot be requested from pull request author."
    client.post(ask, json={"reviewers": ["ada", "bob"], "team_reviewers": ["core"]})
    assert repo.pull(1).reviewers == ["ada", "bob", "acme/core"]
    client.request("DELETE", ask, json={"reviewers": ["bob"], "team_reviewers": []})
    assert repo.pull(1).reviewers == ["ada", "acme/core"]
    answer = client.post(PULLS + "/1/reviews", json={"event": "APPROVE"})
    assert answer.json()["errors"] == ["Can not approve your own pull request"]


def test_what_is_said(repo, client):
    repo.open_pull("fix", by=repo.hub.bot, title="Count right")
    comments = "/repos/acme/stock/issues/1/comments"
    made = client.post(comments, json={"body": "Hello."}).json()
    assert client.patch(made["url"], json={"body": "Good day."}).json()["body"] == "Good day."
    assert repo.pull(1).comments == [(repo.hub.bot, "Good day.")]
    assert client.post(comments, json={"body": " "}).status_code == 422
    assert client.delete(made["url"]).status_code == 204
    assert client.get(made["url"]).status_code == 404
    review = repo.review(1, by="ada", state="CHANGES_REQUESTED", text="See below.", lines=[("app.py", 1, "Why two?")])
    shown = client.get(PULLS + f"/1/reviews/{review}/comments").json()
    assert [(line["path"], line["line"], line["body"]) for line in shown] == [("app.py", 1, "Why two?")]
    assert client.get(PULLS + "/1").json()["review_comments"] == 1


def test_roles(repo, client):
    def role(login):
        answer = client.get(f"/repos/acme/stock/collaborators/{login}/permission").json()
        return answer["permission"], answer["role_name"]

    repo.collaborators |= {"ada": "maintain", "bob": "triage"}
    repo.hub.user("eve")
    assert [role(login) for login in ("ada", "bob", "eve")] == [
        ("write", "maintain"),
        ("read", "triage"),
        ("none", "none"),
    ]
    assert client.get("/repos/acme/stock/collaborators/stranger/permission").status_code == 404


def test_checks(repo, client):
    sha = repo.tip("fix")
    repo.check(sha, "build", "failure")
    repo.check(sha, "build", None)
    runs = client.get(f"/repos/acme/stock/commits/{sha}/check-runs").json()
    assert (runs["total_count"], runs["check_runs"][0]["status"], runs["check_runs"][0]["conclusion"]) == (
        1,
        "in_progress",
        None,
    )
    repo.check(sha, "build", "success")
    every = client.get(f"/repos/acme/stock/commits/{sha}/check-runs?filter=all").json()
    assert [run["conclusion"] for run in every["check_runs"]] == ["failure", "success"]
    state = f"/repos/acme/stock/commits/{sha}/status"
    assert client.get(state).json()["state"] == "pending"
    repo.status(sha, "ci/x", "failure")
    repo.status(sha, "ci/x", "success")
    assert client.get(state).json()["state"] == "success"


def test_files(repo, client):
    repo.push("main", {"docs/a.md": "# A\n", "docs/more/b.md": "# B\n"}, by="ada")
    contents = "/repos/acme/stock/contents/"
    assert base64.b64decode(client.get(contents + "docs/a.md").json()["content"]) == b"# A\n"
    listed = client.get(contents + "docs").json()
    assert [(entry["type"], entry["path"]) for entry in listed] == [("file", "docs/a.md"), ("dir", "docs/more")]
    assert client.get(contents + "docs/a.md?ref=fix").status_code == 404


def test_references(repo, client):
    refs = "/repos/acme/stock/git/refs"
    assert client.post(refs, json={"ref": "refs/heads/new", "sha": "0" * 40}).status_code == 422
    assert client.post(refs, json={"ref": "refs/heads/new", "sha": repo.tip("fix")}).status_code == 201
    assert client.patch(refs + "/heads/new", json={"sha": repo.tip("main")}).status_code == 422
    assert client.patch(refs + "/heads/new", json={"sha": repo.tip("main"), "force": True}).status_code == 200
    assert repo.tip("new") == repo.tip("main")
    assert client.delete(refs + "/heads/new").status_code == 204
    assert "new" not in repo.git.heads()
