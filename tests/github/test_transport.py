"""Git over HTTP, and what goes wrong on the way."""

import random
import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.github import FakeGitHub, Faults
from tests.github.client import RIGHTS, client_of
from tests.github.git import ENVIRONMENT

PULLS = "/repos/acme/stock/pulls"
FIX = {"title": "Count right", "head": "fix", "base": "main"}


@pytest.fixture
def git(tmp_path):
    def run(*arguments, code=0):
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@users.noreply.github.com"]
        environment = {**ENVIRONMENT, "GIT_TERMINAL_PROMPT": "0"}
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=work, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


def address(hub, token, name="acme/stock"):
    return f"{hub.url.replace('//', f'//x-access-token:{token}@')}/{name}.git"


def test_a_push_updates_the_pull_request(hub, repo, git):
    pull = repo.open_pull("fix", by=hub.bot, title="Count right")
    git("clone", "--quiet", "--branch", "fix", address(hub, hub.token(contents="write", of="ada")), ".")
    git("commit", "--quiet", "--allow-empty", "--message", "Amended")
    git("push", "--quiet", "origin", "fix")
    assert pull.head_sha == repo.tip("fix") == git("rev-parse", "HEAD").strip()
    assert git("ls-remote", "origin", "refs/pull/1/head").startswith(pull.head_sha)
    assert repo.git.commit(pull.head_sha).author.name == "Ada"


def test_a_large_push_comes_in_chunks(hub, repo, git, tmp_path):
    git("clone", "--quiet", address(hub, hub.token(contents="write")), ".")
    (tmp_path / "work" / "large.bin").write_bytes(random.Random(1).randbytes(200_000))
    git("add", ".")
    git("commit", "--quiet", "--message", "Large")
    git("-c", "http.postBuffer=1000", "push", "--quiet", "origin", "HEAD:large")
    assert repo.tip("large") == git("rev-parse", "HEAD").strip()


def test_who_may_fetch_and_push(hub, repo, git):
    assert "Authentication failed" in git("ls-remote", address(hub, "none-of-yours"), code=128)
    assert "could not read Username" in git("ls-remote", f"{hub.url}/acme/stock.git", code=128)
    stranger = hub.token(contents="write", of=hub.user("eve"))
    assert "not found" in git("ls-remote", address(hub, stranger), code=128)
    assert "not found" in git("ls-remote", address(hub, hub.token(pull_requests="write")), code=128)
    for token in (hub.token(contents="read"), hub.token(contents="write", of="bob")):
        git("init", "--quiet")
        git("fetch", "--quiet", address(hub, token), "main")
        assert "403" in git("push", address(hub, token), "FETCH_HEAD:refs/heads/mine", code=128)
    hub.repository("acme/open", private=False)
    assert "refs/heads/main" in git("ls-remote", f"{hub.url}/acme/open.git")


def test_protected_branches_and_patterns_refuse_pushes(hub, repo, git):
    repo.protect("main", reviews=1)
    repo.protect_pattern("healer/*")
    git("clone", "--quiet", address(hub, hub.token(contents="write")), ".")
    git("commit", "--quiet", "--allow-empty", "--message", "More")
    before = repo.git.heads()
    assert "GH006: Protected branch update failed for refs/heads/main" in git("push", "origin", "HEAD:main", code=1)
    refused = git("push", "origin", "HEAD:refs/heads/healer/x", code=1)
    assert "GH013: Repository rule violations found for refs/heads/healer/x" in refused
    assert repo.git.heads() == before
    git("push", "--quiet", "origin", "HEAD:refs/heads/other")


def outcome(client, kind):
    """What the client gets of one request under this fault."""
    try:
        answer = client.post(PULLS, json=FIX)
    except httpx.TransportError:
        return "lost"
    return answer.status_code


@pytest.mark.parametrize(
    ("kind", "seen", "made"),
    [
        ("5xx", {500, 502, 503}, 0),
        ("reset-before", {"lost"}, 0),
        ("reset-after", {"lost"}, 1),
        ("422", {422}, 0),
        ("secondary", {403, 429}, 0),
        ("primary", {403}, 0),
        ("slow", {201}, 1),
    ],
)
def test_faults_of_requests(hub, repo, client, kind, seen, made):
    hub.faults = Faults(1.0, (kind,), wait=60, slow=0.01)
    assert outcome(client, kind) in seen
    hub.faults = Faults()
    assert len(repo.pulls) == made
    assert hub.violations == []
    later = client.get(PULLS)
    assert later.status_code == (403 if kind in ("secondary", "primary") else 200)


def test_faults_come_from_the_seed_and_leave_git_alone(tmp_path):
    def run(folder, seed):
        with FakeGitHub(tmp_path / folder, seed) as hub:
            hub.repository("acme/stock", {"app.py": "count = 1\n"})
            hub.faults = Faults(0.5, ("5xx", "reset-before"))
            with client_of(hub, hub.token(**RIGHTS)) as client:
                seen = [outcome(client, "") for _ in range(20)]
                probe = f"{hub.url}/acme/stock.git/info/refs?service=git-upload-pack"
                assert {client.get(probe, headers={"authorization": ""}).status_code for _ in range(3)} == {401}
            return seen

    assert run("a", 1) == run("b", 1) != run("c", 2)


def test_git_fails_when_told_so(hub, repo, git):
    hub.faults = Faults(1.0, ("git",))
    assert "unable to access" in git("ls-remote", address(hub, hub.token(contents="read")), code=128)


def test_of_many_at_once_one_makes_it(hub, repo, client):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post(PULLS, json=FIX).status_code, range(16)))
    assert sorted(answers) == [201] + [422] * 15
    assert [pull.number for pull in repo.pulls] == [1]
    assert client.get(PULLS).headers["x-ratelimit-used"] == "17"


def test_unknown_faults_are_refused():
    with pytest.raises(ValueError, match="no such fault: earthquake"):
        Faults(0.1, ("earthquake",))
