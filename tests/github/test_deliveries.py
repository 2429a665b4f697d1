"""Webhooks: what is delivered, how it is signed, and what may become of it on the way."""

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.github import Faults, deliveries


@pytest.fixture
def endpoint():
    """Takes every delivery; `.got` is what came: event, id, body, headers."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.server.got.append(
                (self.headers["x-github-event"], self.headers["x-github-delivery"], body, self.headers)
            )
            self.send_response(self.server.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.got, server.status = [], 202
        server.url = f"http://127.0.0.1:{server.server_port}/webhooks/github"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def events(endpoint):
    return [(event, json.loads(body).get("action")) for event, _, body, _ in endpoint.got]


def test_the_vector_of_github():
    made = deliveries.signature("It's a Secret to Everybody", b"Hello, World!")
    assert made == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_whole_life_is_told(hub, repo, endpoint):
    repo.webhook(endpoint.url, "secret", ping=True)
    repo.open_pull("fix", by=hub.bot, title="Count right", draft=True)
    repo.edit(1, by="ada", title="Count")
    repo.ready(1, "ada")
    repo.draft(1, "ada")
    repo.ready(1, "ada")
    tip = repo.push("fix", {"app.py": "count = 4\n"}, by="ada")
    repo.comment(1, by="bob", text="/heal explain")
    repo.review(1, by="ada", state="CHANGES_REQUESTED", text="No.", lines=[("app.py", 1, "Why four?")])
    repo.check(tip, "build", None)
    repo.check(tip, "build", "failure")
    repo.status(tip, "ci/x", "pending")
    repo.close(1, by="ada")
    repo.reopen(1, by="ada")
    sha = repo.merge(1, by="ada")
    repo.delete_branch("fix", by="ada")
    hub.settle()
    assert events(endpoint) == [
        ("ping", None),
        ("pull_request", "opened"),
        ("pull_request", "edited"),
        ("pull_request", "ready_for_review"),
        ("pull_request", "converted_to_draft"),
        ("pull_request", "ready_for_review"),
        ("push", None),
        ("pull_request", "synchronize"),
        ("issue_comment", "created"),
        ("pull_request_review", "submitted"),
        ("pull_request_review_comment", "created"),
        ("check_run", "created"),
        ("check_run", "completed"),
        ("check_suite", "completed"),
        ("status", None),
        ("pull_request", "closed"),
        ("pull_request", "reopened"),
        ("push", None),
        ("pull_request", "closed"),
        ("push", None),
    ]
    assert len({delivery for _, delivery, _, _ in endpoint.got}) == len(endpoint.got)
    bodies = [json.loads(body) for _, _, body, _ in endpoint.got]
    assert {body["repository"]["full_name"] for body in bodies} == {"acme/stock"}
    closed, merged = bodies[15]["pull_request"], bodies[18]["pull_request"]
    assert (closed["merged"], closed["head"]["sha"], closed["closed_at"] is None) == (False, tip, False)
    assert (merged["merged"], merged["merge_commit_sha"], merged["merged_by"]["login"]) == (True, sha, "ada")
    assert (bodies[6]["before"], bodies[6]["after"]) == (bodies[7]["before"], tip)
    assert [commit["modified"] for commit in bodies[6]["commits"]] == [["app.py"]]
    assert bodies[8]["issue"]["pull_request"]["url"] == f"{repo.api}/pulls/1"
    assert (bodies[9]["review"]["state"], bodies[9]["sender"]["login"]) == ("changes_requested", "ada")
    assert (bodies[19]["deleted"], bodies[19]["head_commit"]) == (True, None)


def test_headers_and_what_the_hook_remembers(hub, repo, endpoint, client):
    number = repo.webhook(endpoint.url, "secret", events=("push",))
    repo.open_pull("fix", by=hub.bot, title="Count right")
    repo.push("main", {"app.py": "count = 3\n"}, by="ada")
    hub.settle()
    [(event, _, body, headers)] = endpoint.got
    assert event == "push"
    assert headers["x-hub-signature-256"] == "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["x-github-hook-id"] == str(number)
    hooks = "/repos/acme/stock/hooks"
    assert client.get(hooks).json()[0]["last_response"]["code"] == 202
    endpoint.status = 500
    repo.push("main", {"app.py": "count = 4\n"}, by="ada")
    hub.settle()
    assert client.get(f"{hooks}/{number}").json()["last_response"]["code"] == 500


def test_one_that_is_sent_again_has_the_same_id(hub, repo, endpoint):
    repo.webhook(endpoint.url, "secret")
    repo.push("main", {"app.py": "count = 3\n"}, by="ada")
    hub.settle()
    hub.redeliver(endpoint.got[0][1])
    hub.settle()
    assert endpoint.got[0][:3] == endpoint.got[1][:3]


def test_lost_duplicate_and_out_of_order(hub, repo, endpoint, monkeypatch):
    monkeypatch.setattr(deliveries, "HELD", 60.0)
    repo.webhook(endpoint.url, "secret")

    def pushed(kind):
        endpoint.got.clear()
        hub.faults = Faults(1.0, (kind,))
        first = repo.push("main", {"app.py": f"kind = '{kind}'\n"}, by="ada")
        hub.faults = Faults()
        second = repo.push("main", {"app.py": f"after = '{kind}'\n"}, by="ada")
        hub.settle()
        return [("first", "second")[json.loads(body)["after"] == second] for _, _, body, _ in endpoint.got], first

    assert pushed("lost")[0] == ["second"]
    assert pushed("duplicate")[0] == ["first", "first", "second"]
    assert endpoint.got[0][1] == endpoint.got[1][1]
    assert pushed("reordered")[0] == ["second", "first"]


def test_one_that_waits_for_the_next_goes_out_without_it(hub, repo, endpoint, monkeypatch):
    monkeypatch.setattr(deliveries, "HELD", 0.01)
    repo.webhook(endpoint.url, "secret")
    hub.faults = Faults(1.0, ("reordered",))
    repo.push("main", {"app.py": "count = 3\n"}, by="ada")
    hub.settle()
    assert events(endpoint) == [("push", None)]


def test_nobody_listens(hub, repo):
    repo.webhook("http://127.0.0.1:9/none", "secret")
    repo.push("main", {"app.py": "count = 3\n"}, by="ada")
    hub.settle()
    assert hub.deliveries.all[-1].answers == [None]
    assert repo.hooks[0].last[0] == 502
