"""Who gets the token, and who does not: against git's own server, with real requests."""

import base64
import os
import re
import secrets
import subprocess
import threading
import traceback
from pathlib import Path

import pytest
from healer.edges.checkout import Access, Checkout
from healer.model import CheckoutError

from tests.healer.edges.git_server import GitServer, Origin

TOKEN = "t0-" + secrets.token_hex(16)
WHEN = "2026-01-02T03:04:05Z"


@pytest.fixture
def origin(tmp_path):
    made = Origin(tmp_path / "served" / "acme" / "stock.git")
    made.commit("main", {"app.py": "x = 1\n"})
    return made


@pytest.fixture
def server(origin, tmp_path):
    with GitServer(tmp_path / "served", TOKEN) as made:
        yield made


@pytest.fixture
def checkout(tmp_path, server):
    return Checkout(tmp_path / "home" / "m.git", f"{server.url}/acme/stock.git", "main", Access(TOKEN))


def holding(token: str, folder: Path) -> list[str]:
    """Files below a folder, arguments and environments of processes that hold a text."""
    places = [path for path in folder.rglob("*") if path.is_file()]
    places += [path for name in ("cmdline", "environ") for path in Path("/proc").glob(f"[0-9]*/{name}")]
    found = []
    for place in places:
        try:
            if token.encode() in place.read_bytes():
                found.append(str(place))
        except OSError:
            continue  # a process that has ended
    return found


def transports() -> list[bytes]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes())
        except OSError:
            continue
    return [line for line in found if b"git-remote-http" in line or b"remote-http\0" in line]


def test_a_token_opens_its_origin_and_is_seen_nowhere_while_it_does(monkeypatch, tmp_path, checkout, server, origin):
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_TRACE_REDACT", "0")
    large = secrets.token_hex(1_200_000)  # sent in chunks
    head = checkout.commit(checkout.fetch(), {"app.py": "x = 2\n", "large.txt": large}, "Fix\n", WHEN)
    server.gate.clear()
    pushing = threading.Thread(target=checkout.push, args=(head, "healer/a-1"))
    pushing.start()
    assert server.arrived.wait(20)
    assert any(server.url.encode() in line for line in transports())
    login = server.seen[-1][1].removeprefix("Basic ")
    assert TOKEN in base64.b64decode(login).decode()
    assert holding(TOKEN, tmp_path) + holding(login, tmp_path) == []
    server.gate.set()
    pushing.join(20)
    assert origin.tip("healer/a-1") == head
    assert "Authorization: Basic <redacted>" in (tmp_path / "trace").read_text()
    assert holding(TOKEN, tmp_path) + holding(login, tmp_path) == []
    assert repr(Access(TOKEN)) == "Access(ssh_key=None)"


def test_a_push_whose_answer_is_lost_was_a_push(checkout, server, origin):
    head = checkout.commit(checkout.fetch(), {"app.py": "x = 2\n"}, "Fix\n", WHEN)
    server.lost = True
    checkout.push(head, "healer/a-1")
    assert not server.lost
    assert origin.tip("healer/a-1") == head


@pytest.mark.parametrize("at_once", [True, False])
def test_another_origin_never_gets_the_token(tmp_path, checkout, server, at_once):
    with GitServer(tmp_path / "served", "another") as other:
        server.redirect_to, server.redirects_all = other.url, at_once
        with pytest.raises(CheckoutError, match="token"):
            checkout.fetch()
        assert bool(server.seen[-1][1]) is not at_once
        assert other.seen
        assert not any(login for _, login in other.seen)


def test_a_proxy_is_not_between_the_token_and_loopback(monkeypatch, checkout, tmp_path):
    with GitServer(tmp_path, "proxy") as proxy:
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        checkout.fetch()
        assert proxy.seen == []


def test_a_proxy_of_the_environment_is_used_elsewhere(monkeypatch, tmp_path):
    with GitServer(tmp_path, "proxy") as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        with pytest.raises(CheckoutError):
            Checkout(tmp_path / "m.git", "http://git.invalid/acme/stock.git", "main").fetch()
        assert proxy.seen[0][0].startswith("http://git.invalid/acme/stock.git/info/refs")


def test_programs_of_the_user_are_never_asked(monkeypatch, tmp_path, server):
    home, mark = tmp_path / "user", tmp_path / "ran"
    home.mkdir()
    program = home / "ask"
    program.write_text(f"#!/bin/sh\ntouch {mark}\necho {TOKEN}\n")
    program.chmod(0o755)
    (home / ".gitconfig").write_text(
        f'[credential]\n\thelper = "!{program}"\n[core]\n\taskPass = {program}\n'
        f'[url "ext::{program} "]\n\tinsteadOf = {server.url}/\n'
    )
    for name, value in {"HOME": home, "GIT_ASKPASS": program, "SSH_ASKPASS": program}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'credential.helper=!{program}'")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    for access in (Access(), Access("wrong")):
        with pytest.raises(CheckoutError, match=r"asks for a login|token is not accepted"):
            Checkout(tmp_path / "m.git", f"{server.url}/acme/stock.git", "main", access).fetch()
    assert not mark.exists()


def test_what_a_server_says_of_the_token_is_not_repeated(checkout, server):
    server.answer = f"error: {TOKEN} ({{login}}) may not\n"
    with pytest.raises(CheckoutError, match=r"error: \*\*\* .* may not.*Contents: write") as raised:
        checkout.fetch()
    told = "".join(traceback.format_exception(raised.value))
    assert TOKEN not in told
    assert server.seen[-1][1].partition(" ")[2] not in told


def test_a_repository_that_the_token_cannot_see_is_named(tmp_path, server):
    made = Checkout(tmp_path / "m.git", f"{server.url}/acme/gone.git", None, Access(TOKEN))
    with pytest.raises(CheckoutError, match=r"default branch of .*gone.git.*may not see a private repository"):
        made.fetch()


@pytest.mark.parametrize(
    ("repository", "said"),
    [
        ("http://git.example.org/acme/stock.git", "unencrypted"),
        ("http://127.0.0.1.example.org/acme/stock.git", "unencrypted"),
        ("http://2130706433/acme/stock.git", "unencrypted"),
        ("http://somebody:s3cret@127.0.0.1:9/acme/stock.git", "token_file"),
        ("https://s3cret@git.example.org/acme/stock.git", "token_file"),
        ("https://git.example.org\\@127.0.0.1/s3cret", "token_file"),
        ("ext::sh -c s3cret", "transport 'ext' not allowed"),
        ("git://s3cret@127.0.0.1:9/acme/stock.git", "transport 'git' not allowed"),
    ],
)
def test_addresses_that_would_give_it_away_are_refused(tmp_path, repository, said):
    with pytest.raises(CheckoutError, match=said) as raised:
        Checkout(tmp_path / "m.git", repository, "main", Access(TOKEN)).fetch()
    assert TOKEN not in str(raised.value)
    assert "://s3cret" not in str(raised.value)
    assert "somebody" not in str(raised.value)


def test_a_token_that_is_none_is_refused(tmp_path):
    with pytest.raises(CheckoutError, match="blanks") as raised:
        Checkout(tmp_path / "m.git", "https://git.example.org/a/b", "main", Access("abc\nurl=https://evil")).fetch()
    assert "abc" not in str(raised.value)


@pytest.fixture
def ssh(tmp_path, monkeypatch, origin):
    """In the place of ssh: it notes its arguments and runs what it is asked for on this machine."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program, noted = programs / "ssh", tmp_path / "noted"
    program.write_text(f'#!/bin/sh\necho "$*" >> {noted}\nfor last; do :; done\nexec sh -c "$last"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return program, noted


def test_an_ssh_key_is_the_only_one_that_is_tried(tmp_path, ssh, origin):
    key = tmp_path / "my key"
    key.touch()
    made = Checkout(tmp_path / "m.git", f"git@example.org:{origin.path}", "main", Access(TOKEN, key))
    assert made.fetch() == origin.tip("main")
    said = ssh[1].read_text()
    assert f"-i {key} " in said
    assert "BatchMode=yes" in said
    assert "IdentitiesOnly=yes" in said
    assert "StrictHostKeyChecking=yes" in said


def test_without_a_key_the_users_own_ssh_command_is_kept(tmp_path, monkeypatch, ssh, origin):
    address = f"ssh://git@example.org{origin.path}"
    Checkout(tmp_path / "m.git", address, "main").fetch()
    assert "BatchMode=yes" in ssh[1].read_text()
    ssh[1].unlink()
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -o Mine=yes")
    Checkout(tmp_path / "n.git", address, "main").fetch()
    assert "Mine=yes" in ssh[1].read_text()
    assert "BatchMode" not in ssh[1].read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Host key verification failed.", "ssh-keyscan"),
        ("git@example.org: Permission denied (publickey).", "check ssh_key"),
    ],
)
def test_what_ssh_refuses_names_the_remedy_and_no_user(tmp_path, ssh, words, said):
    ssh[0].write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 255\n")
    with pytest.raises(CheckoutError, match=re.escape(said)) as raised:
        Checkout(tmp_path / "m.git", "robot@example.org:acme/stock.git", "main").fetch()
    assert "@" not in str(raised.value)


def test_a_key_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CheckoutError, match=r"ssh_key: .*gone is no file"):
        Checkout(tmp_path / "m.git", "ssh://git@example.org/a", "main", Access(ssh_key=tmp_path / "gone")).fetch()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_this_machine_may_be_somebody_elses(tmp_path, origin):
    subprocess.run(["chown", "-R", "12345", str(origin.path)], check=True)
    assert Checkout(tmp_path / "m.git", str(origin.path), "main").fetch() == origin.git(
        "-c", f"safe.directory={origin.path}", "rev-parse", "main"
    )
