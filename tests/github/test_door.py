"""Who gets in, what their token permits, and the limits."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.github.client import RIGHTS, client_of

STOCK = "/repos/acme/stock"
FIX = {"title": "Count right", "head": "fix", "base": "main"}


def test_credentials(hub, repo):
    expired = hub.token(expires=datetime.now(UTC) - timedelta(seconds=1))
    revoked = hub.token()
    hub.revoke(revoked)
    for token in ("none of yours", expired, revoked):
        with client_of(hub, token) as client:
            answer = client.get(STOCK)
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")
    token = hub.token(expires=datetime(2099, 1, 2, tzinfo=UTC))
    with client_of(hub, token) as client:
        answer = client.get("/user", headers={"authorization": f"token {token}"})
    assert answer.json()["login"] == hub.bot
    assert answer.headers["github-authentication-token-expiration"] == "2099-01-02 00:00:00 UTC"


def test_a_private_repository_is_hidden_from_those_who_may_not_see_it(hub, repo):
    for token in (hub.token(of=hub.user("eve")), hub.token(repositories=("acme/other",))):
        with client_of(hub, token) as client:
            assert client.get(STOCK).status_code == 404
    hub.repository("acme/open", private=False)
    with client_of(hub, hub.token(of="eve")) as client:
        assert client.get("/repos/acme/open/pulls").status_code == 200
        assert client.post("/repos/acme/open/pulls", json=FIX).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "missing", "accepted"),
    [
        ("POST", "/pulls", FIX, {"pull_requests": "read"}, "pull_requests=write"),
        ("POST", "/issues/1/comments", {"body": "x"}, {"pull_requests": "read"}, "issues=write; pull_requests=write"),
        ("PUT", "/pulls/1/merge", {}, {"contents": "read"}, "contents=write"),
        ("GET", "/commits/main/check-runs", None, {"checks": "none"}, "checks=read"),
        ("GET", "/hooks", None, {"repository_hooks": "none"}, "repository_hooks=read"),
    ],
)
def test_a_permission_that_is_missing_is_named(hub, repo, method, path, body, missing, accepted):
    with client_of(hub, hub.token(**{**RIGHTS, "issues": "read", **missing})) as client:
        answer = client.request(method, STOCK + path, json=body)
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by personal access token")
    assert answer.headers["x-accepted-github-permissions"] == accepted


def test_hooks_are_for_administrators(hub, repo):
    repo.collaborators[hub.bot] = "write"
    with client_of(hub, hub.token(**RIGHTS)) as client:
        assert client.get(STOCK + "/hooks").status_code == 404


def test_an_answer_that_did_not_change_costs_nothing(repo, client):
    first = client.get(STOCK)
    again = client.get(STOCK, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"] == "4999"
    repo.push("main", {"app.py": "count = 3\n"}, by="ada")
    repo.archived = True
    changed = client.get(STOCK, headers={"if-none-match": first.headers["etag"]})
    assert (changed.status_code, changed.headers["x-ratelimit-remaining"]) == (200, "4998")
    assert client.get("/rate_limit").json()["rate"] == {
        "limit": 5000,
        "remaining": 4998,
        "reset": int(changed.headers["x-ratelimit-reset"]),
        "used": 2,
    }


def test_the_primary_limit_lasts_until_its_reset(hub, repo):
    token = hub.token()
    with client_of(hub, token) as client:
        hub.exhaust(token, 60)
        answer = client.get(STOCK)
        assert answer.status_code == 403
        assert answer.json()["message"].startswith("API rate limit exceeded")
        assert answer.headers["x-ratelimit-remaining"] == "0"
        assert int(answer.headers["x-ratelimit-reset"]) >= time.time()
        assert "retry-after" not in answer.headers
        assert hub.limits.disobeyed == [f"GET {STOCK}"]
        hub.exhaust(token, 0)
        assert client.get(STOCK).status_code == 200


def test_secondary_limits(hub, repo, client):
    hub.limits.writes_per_minute = 2
    answers = [client.post(STOCK + "/issues/1/comments", json={"body": "x"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 403]
    assert int(answers[-1].headers["retry-after"]) == 60
    assert client.get(STOCK).status_code == 403
    assert hub.limits.disobeyed == [f"GET {STOCK}"]


def test_lists_come_in_pages(hub, repo, client):
    repo.open_pull("fix", by=hub.bot, title="Count right")
    for number in range(5):
        repo.comment(1, by="bob", text=str(number))
    address = STOCK + "/issues/1/comments?per_page=2"
    seen, page = [], client.get(address)
    assert 'rel="last"' in page.headers["link"]
    while True:
        seen.append([comment["body"] for comment in page.json()])
        if "next" not in page.links:
            break
        page = client.get(page.links["next"]["url"])
    assert seen == [["0", "1"], ["2", "3"], ["4"]]
    assert page.links.keys() == {"prev", "first"}
    assert "link" not in client.get(STOCK + "/issues/1/comments").headers
