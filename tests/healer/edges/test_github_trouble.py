"""What GitHub refuses and what fails on the way: limits obeyed, each error one clear line, never the token in it."""

from __future__ import annotations

import json
import logging
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from healer.edges.forge.github import GitHub, allowance, words
from healer.edges.forge.github.allowance import Allowance
from healer.model import ForgeError, Proposal

from tests.github import FakeGitHub, Faults
from tests.github.repository import Repository

BRANCH = "healer/inc-1-1"
RIGHTS = {"contents": "write", "pull_requests": "write", "metadata": "read", "checks": "read", "statuses": "read"}
WEBHOOK = "https://healer.example.org/webhooks/github"
SECRET = "github_pat_0123456789"
PROPOSAL = Proposal("inc-1", 1, "stock", BRANCH, "main", "0" * 40, "Count right", "Off by one.", "", "prepared")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path) as hub:
        hub.user("ada")
        yield hub


@pytest.fixture
def repo(hub: FakeGitHub) -> Repository:
    return hub.repository("acme/stock", files={"app.py": "stock = 1\n"}, collaborators={"ada": "write"})


@pytest.fixture
def proposal(hub: FakeGitHub, repo: Repository) -> Proposal:
    head = repo.push(BRANCH, {"app.py": "stock = 2\n"}, by=hub.bot)
    return replace(PROPOSAL, head_sha=head)


def forge_of(hub: FakeGitHub, **rights: str) -> GitHub:
    return GitHub(f"{hub.url}/api/v3", "acme/stock", hub.token(**(rights or RIGHTS)), gap=0)


Answer = tuple[int, Mapping[str, str], object]


@contextmanager
def answering(*answers: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that is no GitHub: these answers, the last one for ever; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            asked.append(f"{self.command} {self.path}")
            status, headers, body = answers[min(len(asked), len(answers)) - 1]
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response_only(status)
            for name, value in {"content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v3", asked
        server.shutdown()


def refusal(api: str, **more: int) -> ForgeError:
    with pytest.raises(ForgeError) as caught:
        GitHub(api, "acme/stock", SECRET, gap=0, **more).may_write("ada")
    return caught.value


# Limits


@pytest.mark.parametrize("kind", ["secondary", "primary"])
def test_a_limit_is_obeyed_without_another_request(hub, proposal, kind):
    forge = forge_of(hub)
    hub.faults = Faults(rate=1.0, kinds=(kind,), wait=1)
    with pytest.raises(ForgeError, match=r"GitHub allows no further request until \d\d:\d\d:\d\d UTC") as caught:
        forge.open(proposal, ())
    assert 0 < caught.value.wait <= 2
    hub.faults = Faults()
    count = len(hub.requests)
    with pytest.raises(ForgeError, match="no further request"):
        forge.open(proposal, ())
    assert len(hub.requests) == count


def test_the_last_request_of_the_hour_is_the_last():
    resets = int(time.time()) + 600
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-limit": "60", "x-ratelimit-reset": str(resets)}
    with answering((200, headers, {"full_name": "acme/stock", "permission": "write"})) as (api, asked):
        forge = GitHub(api, "acme/stock", SECRET, gap=0)
        with pytest.raises(ForgeError, match=r"until \d\d:\d\d UTC") as caught:
            forge.may_write("ada")
    assert len(asked) == 1
    assert 590 < caught.value.wait <= 600
    limits = forge.limits()
    assert (limits.remaining, limits.limit) == (0, 60)
    assert datetime.fromisoformat(limits.resets_at).timestamp() == resets


def test_the_hour_ends_by_githubs_clock():
    theirs = datetime.now(UTC) + timedelta(hours=5)
    headers = {
        "date": format_datetime(theirs, usegmt=True),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(theirs.timestamp()) + 120),
    }
    with answering((403, headers, {"message": "API rate limit exceeded for user ID 1."})) as (api, _):
        assert 118 < refusal(api).wait <= 121


def test_a_limit_without_an_end_is_waited_for_longer_each_time(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(allowance.time, "monotonic", lambda: clock[0])
    kept = Allowance()
    waits = []
    for _ in range(8):
        kept.check()
        waits.append(kept.refused({}).wait)
        clock[0] += waits[-1]
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    kept.answered(-1, -1, 0)
    assert kept.refused({}).wait == 60


def test_what_is_forbidden_is_no_limit():
    assert not allowance.is_limit(403, {"x-ratelimit-remaining": "12"}, "Resource not accessible")
    assert not allowance.is_limit(422, {}, "rate limit")
    assert allowance.is_limit(429, {}, "")
    assert allowance.is_limit(403, {}, "You have exceeded a secondary rate limit.")
    assert allowance.is_limit(403, {"retry-after": "3"}, "")


# Errors


def test_a_missing_permission_is_named(hub, repo, proposal):
    forge_of(hub).open(proposal, ())
    for name, level, act, needed in [
        ("pull_requests", "none", GitHub.standing, "Pull requests: read-only"),
        ("pull_requests", "read", lambda forge, one: forge.say(one, "x", "X."), "Pull requests: read and write"),
        ("pull_requests", "read", GitHub.ready, "Pull requests: read and write"),
        ("contents", "read", lambda forge, one: forge.close(one, "Gone.", "healer"), "Contents: read and write"),
    ]:
        with pytest.raises(ForgeError, match=f"the token lacks a permission. It needs {needed}") as caught:
            act(forge_of(hub, **{**RIGHTS, name: level}), proposal)
        assert "Resource not accessible by personal access token" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_repository_out_of_sight_is_told(hub, repo):
    forge = GitHub(f"{hub.url}/api/v3", "acme/other", hub.token(**RIGHTS), gap=0)
    with pytest.raises(ForgeError, match=r"the repository acme/other.*does not exist or the token may not see it"):
        forge.may_write("ada")


def test_a_revoked_token_is_told_and_appears_nowhere(hub, proposal, caplog):
    caplog.set_level(logging.DEBUG)
    forge = GitHub(f"{hub.url}/api/v3", "acme/stock", SECRET, gap=0)
    with pytest.raises(ForgeError, match="the token has expired or was revoked") as caught:
        forge.open(proposal, ())
    shown = "".join(traceback.format_exception(caught.value)) + repr(forge) + repr(caught.value) + caplog.text
    assert "api/v3" in caplog.text
    assert SECRET not in shown


def test_not_even_an_answer_brings_the_token_into_a_message():
    with answering((422, {}, {"message": f"bad token {SECRET}\n\x1b[2J" + "x" * 5000})) as (api, _):
        told = str(refusal(api))
    assert SECRET not in told
    assert told.isprintable()
    assert len(told) < 500


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((502, {}, "<html>Bad Gateway"), r"GitHub has a fault of its own \(status 502\)"),
        ((200, {}, '{"full_name": "ac'), "answers as GitHub would not"),
        ((200, {}, [1, 2]), "answers as GitHub would not"),
        ((301, {"location": "https://elsewhere.example.org/repos/acme/stock"}, {}), "sends us elsewhere"),
    ],
)
def test_what_is_no_answer_of_github_is_told(answer, told):
    with answering(answer) as (api, _):
        error = refusal(api)
    assert told.replace("\\", "") in str(error)


def test_when_github_is_to_be_asked_again_it_may_say():
    with answering((503, {"retry-after": "7"}, {"message": "Down for maintenance."})) as (api, _):
        assert refusal(api).wait == 7


def test_a_dead_host_and_a_silent_one_are_told():
    assert "cannot be reached: Connection refused" in str(refusal("http://127.0.0.1:9/api/v3"))
    with answering((200, {"content-length": "9"}, "")) as (api, _):
        assert "did not answer in time" in str(refusal(api, timeout=1))


def test_what_is_redirected_while_writing_was_not_done():
    whole = {"full_name": "acme/stock", "url": "/repos/acme/stock", "default_branch": "main"}
    moved = (307, {"location": "/repositories/1/pulls"}, {"message": "Temporary Redirect"})
    answers = [(200, {}, whole), (200, {}, []), moved, (200, {}, whole), (200, {}, [])]
    with answering(*answers) as (api, asked), pytest.raises(ForgeError, match="open a pull request"):
        GitHub(api, "acme/stock", SECRET, gap=0).open(PROPOSAL, ())
    assert asked[3] == "GET /api/v3/repos/acme/stock"


def test_of_two_check_runs_of_the_same_name_the_later_one_counts():
    whole = {"full_name": "acme/stock", "url": "/repos/acme/stock"}
    runs = [
        {"id": number, "name": "build", "status": "completed", "conclusion": end, "app": {"id": app}}
        for number, end, app in ((1, "failure", 1), (2, "success", 1), (4, "neutral", 7), (3, "failure", 7))
    ]
    none = (200, {}, {"state": "pending", "total_count": 0, "statuses": []})
    with answering((200, {}, whole), (200, {}, {"total_count": 4, "check_runs": runs}), none) as (api, _):
        assert GitHub(api, "acme/stock", SECRET, gap=0).checks(PROPOSAL) == "passed"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("pull_requests=write", "Pull requests: read and write"),
        (
            "contents=read,statuses=read; checks=read",
            "Contents: read-only and Commit statuses: read-only or Checks: read-only",
        ),
        ("repository_hooks=admin", "Webhooks: admin"),
        ("<b>=write;nonsense", ""),
        (None, ""),
    ],
)
def test_permissions_are_called_as_on_githubs_pages(header, told):
    assert words.permissions(header) == told


def test_two_requests_that_write_keep_a_gap(hub, proposal):
    forge = GitHub(f"{hub.url}/api/v3", "acme/stock", hub.token(**RIGHTS), gap=0.2)
    started = time.monotonic()
    forge.open(proposal, ("healer",))
    assert time.monotonic() - started >= 0.2


# The doctor


def examined(forge: GitHub, branch: str | None = None, webhook: str = WEBHOOK) -> dict[str, tuple[str, str]]:
    return {one.name: (one.state, f"{one.found} {one.remedy}") for one in forge.examine(branch, webhook)}


def test_all_is_well_and_nothing_is_changed(hub, repo):
    repo.webhook(WEBHOOK, "secret")
    repo.collaborators[hub.bot] = "admin"  # nobody else may see webhooks
    before = repo.git.heads()
    found = examined(forge_of(hub, **RIGHTS, repository_hooks="read"))
    names = ["token", "repository", "pull requests", "contents", "branch", "checks", "statuses", "webhook"]
    assert list(found) == names
    assert {state for state, _ in found.values()} == {"ok"}
    assert f"acts as {hub.bot}" in found["token"][1]
    assert (repo.pulls, repo.git.heads()) == ([], before)


def test_a_missing_permission_is_found_before_the_first_crash(hub, repo):
    for missing, level, name, state, told in [
        ("pull_requests", "read", "pull requests", "missing", "Pull requests: read and write"),
        ("contents", "read", "contents", "missing", "Contents: read and write"),
        ("checks", "none", "checks", "weaker", "Checks: read-only"),
        ("statuses", "none", "statuses", "weaker", "Commit statuses: read-only"),
    ]:
        found = examined(forge_of(hub, **{**RIGHTS, missing: level}))
        assert [one for one in found if found[one][0] != "ok"] == [name]
        assert found[name][0] == state
        assert told in found[name][1]
        assert "polling finds merges within half a minute" in found["webhook"][1]


def test_a_token_that_ends_soon_or_has_ended_is_told(hub, repo):
    token = hub.token(**RIGHTS, expires=datetime.now(UTC) + timedelta(days=3))
    forge = GitHub(f"{hub.url}/api/v3", "acme/stock", token, gap=0)
    state, told = examined(forge)["token"]
    assert state == "weaker"
    assert f"expires {datetime.now(UTC) + timedelta(days=3):%Y-%m-%d}" in told
    assert list(examined(GitHub(f"{hub.url}/api/v3", "acme/stock", SECRET, gap=0))) == ["token"]


def test_the_base_branch_is_looked_at(hub, repo):
    forge = forge_of(hub)
    assert "not protected: `healer approve` merges at once" in examined(forge)["branch"][1]
    repo.protect("main", reviews=1)
    assert "main; protected: `healer approve` merges only" in examined(forge)["branch"][1]
    assert examined(forge, "lost")["branch"][0] == "missing"
    repo.push("next", {"x.py": ""}, by="ada")
    assert "next, while the default branch is main" in examined(forge, "next")["branch"][1]
    repo.rename_branch("main", "trunk")
    assert examined(forge)["branch"][1].startswith("trunk")
    assert examined(forge, "main")["branch"][0] == "weaker"


def test_what_is_wrong_with_the_webhook_is_told(hub, repo):
    repo.collaborators[hub.bot] = "admin"
    forge = forge_of(hub, **RIGHTS, repository_hooks="read")
    assert "none points to /webhooks/github" in examined(forge)["webhook"][1]
    repo.webhook("https://old.example.org/webhooks/github", "secret", events=("push",))
    state, told = examined(forge)["webhook"]
    assert state == "weaker"
    assert f"not {WEBHOOK}" in told
    assert "it does not send pull_request, " in told
    hook = repo.hooks[0]
    hook.url, hook.events, hook.last = WEBHOOK, ("*",), (401, "misconfigured", "Invalid HTTP Response: 401")
    assert "its last delivery got 401" in examined(forge)["webhook"][1]
    hook.active = False
    assert "it is switched off" in examined(forge)["webhook"][1]


def test_an_archived_repository_ends_it(hub, repo):
    repo.archived = True
    found = examined(forge_of(hub))
    assert list(found) == ["token", "repository"]
    assert "archived" in found["repository"][1]


def test_a_dead_network_is_one_finding():
    findings = list(GitHub("http://127.0.0.1:9/api/v3", "acme/stock", SECRET).examine(None, WEBHOOK))
    assert [(one.name, one.state) for one in findings] == [("GitHub", "missing")]
    assert "cannot be reached" in findings[0].found
