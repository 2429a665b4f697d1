"""The fake hears and says only what GitHub declares."""

import copy
import re

import pytest

from tests.github import FakeGitHub, octokit, operations, webhooks
from tests.github.client import RIGHTS, client_of
from tests.github.routing import ROUTES

PULLS = "/repos/acme/stock/pulls"
FIX = {"title": "Count right", "head": "fix", "base": "main"}


def test_every_path_that_is_served_is_declared():
    assert [one.path for one in ROUTES if operations.operation(one.method, one.path) is None] == []


def test_every_answer_to_a_question_is_as_declared(hub, repo, client):
    repo.team("core", "ada")
    repo.protect("main", reviews=1)
    repo.protect_pattern("release/*")
    hook = repo.webhook("http://127.0.0.1:9/none", "secret")
    pull = repo.open_pull("fix", by=hub.bot, title="Count right")
    comment = repo.comment(1, by="bob", text="Why?")
    review = repo.review(1, by="ada", state="COMMENTED", lines=[("app.py", 1, "Why two?")])
    repo.check(pull.head_sha, "build", "success")
    repo.status(pull.head_sha, "ci/x", "success")
    client.post("/repos/acme/stock/issues/1/labels", json=["healer"])
    client.post(f"/repos/acme/stock/issues/comments/{comment}/reactions", json={"content": "eyes"})
    client.post(PULLS + "/1/requested_reviewers", json={"reviewers": ["bob"], "team_reviewers": ["core"]})
    values = {
        "owner": "acme",
        "repo": "stock",
        "username": "ada",
        "pull_number": 1,
        "issue_number": 1,
        "comment_id": comment,
        "review_id": review,
        "hook_id": hook,
        "name": "healer",
        "branch": "main",
        "path": "app.py",
        "basehead": "main...fix",
    }
    for one in ROUTES:
        if one.method == "GET":
            ref = "heads/main" if "/git/" in one.path else pull.head_sha
            answer = client.get(one.path.format(**values, ref=ref, commit_sha=pull.head_sha))
            assert answer.status_code < 300 or one.path.endswith("/merge"), (one.path, answer.text)
    assert hub.violations == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/repos/acme/stock/bogus", None, 404, "is not declared"),
        ("GET", "/repos/acme/stock/topics", None, 404, "is declared, but the fake does not serve it"),
        ("GET", PULLS + "?stat=open", None, 400, "query parameter stat is not declared"),
        ("GET", PULLS + "?state=merged", None, 400, "'merged' is not one of"),
        ("GET", PULLS + "?per_page=many", None, 400, "'many' is no integer"),
        ("GET", PULLS + "/one", None, 400, "'one' is no integer"),
        ("POST", PULLS, {**FIX, "labels": ["healer"]}, 400, "'labels' was unexpected"),
        ("POST", PULLS, {**FIX, "draft": "yes"}, 400, "'yes' is not of type 'boolean'"),
        ("POST", PULLS, {"title": "Count right"}, 400, "'head' is a required property"),
        ("PUT", PULLS + "/1/merge", {"merge_method": "octopus"}, 400, "'octopus' is not one of"),
        ("POST", "/repos/acme/stock/issues/1/comments", None, 400, "a body is required"),
    ],
)
def test_what_is_not_declared_is_refused_and_fails_the_test(tmp_path, method, path, body, status, words):
    with pytest.raises(AssertionError, match=re.escape(words)), FakeGitHub(tmp_path) as hub:
        repo = hub.repository("acme/stock")
        repo.push("fix", {"app.py": "count = 2\n"}, by=hub.bot)
        with client_of(hub, hub.token(**RIGHTS)) as client:
            assert client.request(method, path, json=body).status_code == status
        assert (len(hub.violations), repo.pulls) == (1, [])


def test_headers_are_held_to_the_rules(tmp_path):
    with FakeGitHub(tmp_path, strict=False) as hub, client_of(hub, hub.token()) as client:
        assert client.get("/user", headers={"user-agent": ""}).status_code == 403
        assert client.get("/user", headers={"x-github-api-version": "2026-03-10"}).status_code == 400
        assert client.get("/user", headers={"x-github-api-version": "2022-11-28"}).status_code == 200
        assert len(hub.violations) == 2


def test_a_field_that_the_fake_invents_is_found(client, repo):
    answer = client.post(PULLS, json=FIX).json()
    operation = operations.operation("POST", "/repos/{owner}/{repo}/pulls")
    assert operation.wrong_answer(201, answer) == []
    assert "'score'" in operation.wrong_answer(201, {**answer, "score": 1})[0]
    assert "'score'" in operation.wrong_answer(201, {**answer, "user": {**answer["user"], "score": 1}})[0]
    assert "is not of type" in operation.wrong_answer(201, {**answer, "number": "1"})[0]
    assert "is not a 'date-time'" in operation.wrong_answer(201, {**answer, "created_at": "today"})[0]
    assert operation.wrong_answer(418, answer) != []
    assert operation.wrong_answer(200, answer) == ["status 200 is not declared"]


def test_a_delivery_is_held_to_its_schema():
    body = copy.deepcopy(webhooks.example("pull_request", "closed"))
    assert webhooks.wrong_delivery("pull_request", body) == []
    assert webhooks.wrong_delivery("pull_request", {**body, "invented": 1}) != []
    assert webhooks.wrong_delivery("pull_request", {**body, "action": "eaten"}) != []
    del body["pull_request"]["merged"]
    assert webhooks.wrong_delivery("pull_request", body) != []


def test_missing_descriptions_are_told_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(octokit, "HOME", tmp_path)
    with pytest.raises(RuntimeError, match=r"api\.github\.com\.json is missing: run `make setup`"):
        octokit.openapi.__wrapped__()
