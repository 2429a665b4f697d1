"""What only GraphQL can do: drafts made ready, and back."""

import pytest

from tests.github import FakeGitHub
from tests.github.client import RIGHTS, client_of

CHANGE = "mutation M($input: %sInput!) { %s(input: $input) { clientMutationId pullRequest { isDraft %s } } }"
READY = ("MarkPullRequestReadyForReview", "markPullRequestReadyForReview")


def asked(client, hub, names, node, more=""):
    variables = {"input": {"pullRequestId": node, "clientMutationId": "x"}}
    return client.post(f"{hub.url}/api/graphql", json={"query": CHANGE % (*names, more), "variables": variables}).json()


def test_ready_and_back(hub, repo, client):
    repo.open_pull("fix", by=hub.bot, title="Count right", draft=True)
    node = client.get("/repos/acme/stock/pulls/1").json()["node_id"]
    answer = asked(client, hub, READY, node, "number state title")
    shown = {"isDraft": False, "number": 1, "state": "OPEN", "title": "Count right"}
    assert answer == {"data": {"markPullRequestReadyForReview": {"clientMutationId": "x", "pullRequest": shown}}}
    assert not repo.pull(1).draft
    asked(client, hub, ("ConvertPullRequestToDraft", "convertPullRequestToDraft"), node)
    assert repo.pull(1).draft


def test_refusals_stand_in_the_answer(hub, repo, client):
    repo.open_pull("fix", by=hub.bot, title="Count right", draft=True)
    node = client.get("/repos/acme/stock/pulls/1").json()["node_id"]
    assert asked(client, hub, READY, "PR_none")["errors"][0]["type"] == "NOT_FOUND"
    with client_of(hub, hub.token(pull_requests="read")) as weak:
        error = asked(weak, hub, READY, node)["errors"][0]
    assert (error["type"], error["message"]) == ("FORBIDDEN", "Resource not accessible by personal access token")
    assert repo.pull(1).draft


@pytest.mark.parametrize(
    ("names", "more", "words"),
    [
        (READY, "score", "Cannot query field 'score' on type 'PullRequest'"),
        (READY, "additions", "the fake does not serve PullRequest.additions"),
        (("MarkPullRequestReadyForReview", "eatPullRequest"), "", "Cannot query field 'eatPullRequest'"),
        (("EatPullRequest", "markPullRequestReadyForReview"), "", "Unknown type 'EatPullRequestInput'"),
        (READY, "{", "Syntax Error"),
    ],
)
def test_what_is_not_declared_fails_the_test(tmp_path, names, more, words):
    with pytest.raises(AssertionError, match=words), FakeGitHub(tmp_path) as hub:
        repo = hub.repository("acme/stock")
        repo.push("fix", {"app.py": "x\n"}, by=hub.bot)
        pull = repo.open_pull("fix", by=hub.bot, title="Count right", draft=True)
        with client_of(hub, hub.token(**RIGHTS)) as client:
            asked(client, hub, names, f"PR_kwDO{pull.id:08d}", more)
