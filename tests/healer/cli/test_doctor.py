"""`healer doctor` over real files, a real repository, and interpreters and servers that are there or are not."""

import importlib.util
import json
import socket
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from healer.cli import app
from healer.cli.doctor import Check, _show, deploying, sandboxes
from healer.edges.sandbox import LocalSandbox
from healer.edges.store import Store
from healer.model import BadInput
from healer.settings import load_settings
from rich.console import Console
from selfheal.sandbox.jail import Plan
from typer.testing import CliRunner

from tests.github import FakeGitHub
from tests.healer.edges.deployed_service import DeployedService
from tests.healer.scripted_supervisor import ScriptedSupervisor

EVERYTHING = list(sandboxes.MEANINGS)
RIGHTS = {"contents": "write", "pull_requests": "write", "checks": "read", "statuses": "read"}
WEBHOOK = "https://healer.example.org/webhooks/github"


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    """A repository, a release folder and a supervisor, all as they should be."""
    folder = tmp_path_factory.mktemp("around")
    for command in (
        "git init -q --bare -b main stock.git",
        "git init -q -b main work",
        "git -C work -c user.name=a -c user.email=a@b commit -q --allow-empty -m start",
        "git -C work push -q ../stock.git main",
    ):
        subprocess.run(command.split(), check=True, cwd=folder)
    (folder / "releases").mkdir()
    supervisor = ScriptedSupervisor(folder / "c.sock", folder / "releases")
    yield folder
    supervisor.close()


class Site:
    """Settings that fit what is around, a home of its own, and no healer running."""

    def __init__(self, folder, around, monkeypatch) -> None:
        self.folder, self._around, self._monkeypatch = folder, around, monkeypatch
        monkeypatch.chdir(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]  # where nobody listens any more
        self.given(HEALER_HOME="home", HEALER_PORT=str(port))
        self.interpreter(EVERYTHING)
        self.configure()

    def given(self, **values: str) -> None:
        for name, value in values.items():
            self._monkeypatch.setenv(name, value)

    def configure(self, **changes: str) -> None:
        values = {"repository": str(self._around / "stock.git"), "python": str(self.folder / "python")}
        values |= {"releases": str(self._around / "releases"), "control": str(self._around / "c.sock"), **changes}
        lines = "".join(f'{name} = "{value}"\n' for name, value in values.items())
        (self.folder / "healer.toml").write_text(f"[services.stock]\n{lines}")

    def interpreter(self, isolation: list[str], pytest: bool = True) -> None:
        """One that says it enforces these measures."""
        said = json.dumps({"isolation": isolation})
        script = f"""#!/bin/sh\nif [ "$1" = -m ]; then echo '{said}'; else echo 3.12.1 {pytest}; fi\n"""
        (self.folder / "python").write_text(script)
        (self.folder / "python").chmod(0o755)

    def examine(self, *words: str) -> tuple[int, dict[str, dict]]:
        done = CliRunner().invoke(app, ["doctor", "--json", *words], catch_exceptions=False)
        found = json.loads(done.stdout)["checks"]
        return done.exit_code, {f"{check['about']} {check['name']}": check for check in found}

    def state(self, name: str) -> str:
        return self.examine()[1][name]["state"]

    def not_ok(self) -> set[str]:
        return {name for name, check in self.examine()[1].items() if check["state"] != "ok"}


@pytest.fixture
def site(tmp_path, around, monkeypatch):
    return Site(tmp_path, around, monkeypatch)


def test_where_everything_is_there_only_the_healer_is_not_running(site):
    code, found = site.examine()
    assert (code, {name for name, check in found.items() if check["state"] != "ok"}) == (0, {"healer running"})
    assert {"healer git", "healer database", "stock repository", "stock sandbox", "stock supervisor"} <= set(found)
    assert all(check["remedy"] for check in found.values() if check["state"] != "ok")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"repository": "nowhere.git"}, "stock repository"),
        ({"branch": "other"}, "stock repository"),
        ({"python": "/nowhere/python"}, "stock interpreter"),
        ({"releases": "nowhere"}, "stock releases"),
        ({"control": "nowhere.sock"}, "stock supervisor"),
    ],
)
def test_what_is_missing_is_exit_code_3(site, changes, name):
    site.configure(**changes)
    code, found = site.examine()
    assert (code, found[name]["state"]) == (3, "missing")
    assert found[name]["remedy"]


def test_each_measure_not_in_force_is_weaker_and_says_what_it_means(site):
    site.interpreter(["limits", "files"])
    code, found = site.examine()
    assert (code, found["stock sandbox"]["state"]) == (0, "ok")
    assert found["stock sandbox: network"]["found"] == "code under test could reach other machines and services"
    assert {name for name in found if ":" in name} == {f"stock sandbox: {name}" for name in EVERYTHING} - {
        "stock sandbox: limits",
        "stock sandbox: files",
    }


def test_too_little_is_missing_unless_weaker_was_asked_for(site):
    site.interpreter(["limits", "network"])
    code, found = site.examine()
    assert (code, found["stock sandbox"]["state"]) == (3, "missing")
    assert "HEALER_SANDBOX_WEAK=true" in found["stock sandbox"]["remedy"]
    site.given(HEALER_SANDBOX_WEAK="true")
    code, found = site.examine()
    assert (code, found["stock sandbox"]["state"], found["healer sandbox"]["state"]) == (0, "weaker", "weaker")


def test_an_interpreter_without_pytest_is_missing(site):
    site.interpreter(EVERYTHING, pytest=False)
    assert "no pytest" in site.examine()[1]["stock interpreter"]["found"]


def test_the_sandbox_s_measures_all_have_their_meaning():
    everything = Plan(-1, True, True, True, 7, True, True, True, True)
    assert set(everything.measures()) <= set(EVERYTHING)


def test_a_sandbox_on_a_socket_is_asked_by_a_job(site, tmp_path):
    site.given(HEALER_SANDBOX=str(tmp_path / "no.sock"))
    code, found = site.examine()
    assert (code, found["stock sandbox"]["state"]) == (3, "missing")
    sandbox = LocalSandbox(tmp_path / "sandbox", sys.executable)
    sandbox.start()
    try:
        site.given(HEALER_SANDBOX=str(sandbox.path))
        found = site.examine()[1]
    finally:
        sandbox.stop()
    assert found["stock sandbox"]["state"] == "ok", found["stock sandbox"]
    assert "in force: limits" in found["stock sandbox"]["found"]
    assert "stock tests" not in found


def test_modes_that_let_others_in_are_weaker(site, tmp_path):
    site.examine()
    (tmp_path / "home").chmod(0o755)
    (tmp_path / "home" / "operator-token").chmod(0o644)
    assert site.not_ok() == {"healer running", "healer home", "healer secrets"}


def test_the_database_and_the_end_of_its_log_are_looked_at(site, tmp_path):
    settings = load_settings()
    with closing(
        Store(settings.database, audit_key=settings.audit_key.get_secret_value(), audit_head=settings.audit_head)
    ) as store:
        store.migrate()
        store.log.append("x", "k", {}, trace_id="", ui_hint="control")
    assert site.not_ok() == {"healer running"}
    assert site.examine()[1]["healer audit"]["found"].startswith("1 events")
    (tmp_path / "home" / "audit-head").unlink()
    assert site.state("healer audit") == "missing"
    (tmp_path / "home" / "healer.db").write_bytes(b"no database at all" * 100)
    assert site.state("healer database") == "missing"


def test_a_model_that_is_away_is_missing_only_to_a_service_that_needs_it(site):
    site.given(HEALER_LLM_URL="http://127.0.0.1:9/v1")
    assert site.state("healer model") == "weaker"
    site.configure(engine="llm")
    assert site.state("healer model") == "missing"


def test_one_service_can_be_looked_at_and_a_wrong_name_is_told(site, tmp_path):
    with (tmp_path / "healer.toml").open("a") as file:
        file.write('[services.other]\nrepository = "nowhere.git"\n')
    assert site.examine("--service", "stock")[0] == 0
    done = CliRunner().invoke(app, ["doctor", "--service", "wrong"])
    assert isinstance(done.exception, BadInput)
    assert "'wrong'" in str(done.exception)
    assert "stock" in str(done.exception)


def test_no_secret_is_shown(site):
    site.configure(repository="http://127.0.0.1:9/a/x.git", url="http://me:secret-2@127.0.0.1:9")
    site.given(
        HEALER_LLM_URL="http://127.0.0.1:9/v1",
        HEALER_LLM_KEY="secret-3",
        HEALER_OPERATOR_TOKEN="secret-4-of-some-length",
    )
    site.given(HEALER_GITHUB_TOKEN="secret-1-of-twenty-characters")
    site.given(HEALER_AUDIT_KEY="secret-5", HEALER_DATABASE_URL="postgresql+psycopg://me:secret-6@127.0.0.1:9/x")
    for words in (["doctor"], ["doctor", "--json"]):
        said = CliRunner().invoke(app, words, catch_exceptions=False).stdout
        assert "missing" in said
        assert "secret-" not in said
    found = {f"{check['about']} {check['name']}": check for check in json.loads(said)["checks"]}
    assert (found["stock repository"]["state"], found["stock GitHub"]["state"]) == ("missing", "missing")
    assert "127.0.0.1:9" in found["stock GitHub"]["found"]
    assert found["healer secrets"]["state"] == "weaker"


def test_foreign_text_does_not_reach_the_terminal_raw():
    console = Console(record=True, width=200, force_terminal=True, color_system=None)
    _show([Check("[red]x", "y", "ok", "\x1b[2J[bold]z")], console)
    said = console.export_text()
    assert "[red]x" in said
    assert " [2J[bold]z" in said


class Deployed:
    """A service's way to deploy, and what is found of it."""

    def __init__(self, folder, service) -> None:
        self._folder, self.service, self.url = folder, service, service.url
        self.text = {"health": f'"{service.url}/health"', "command": '["./deploy", "{commit}"]'}
        (folder / "deploy").write_text("#!/bin/sh\ntouch ran\n")
        (folder / "deploy").chmod(0o755)

    def look(self, top: str = "", **changes: str | None) -> dict[str, Check]:
        text = {**self.text, **changes}
        lines = "".join(f"{name} = {value}\n" for name, value in text.items() if value is not None)
        table = f'[services.stock]\nrepository = "stock.git"\nurl = "{self.url}"\n{top}\n'
        (self._folder / "healer.toml").write_text(f"{table}[services.stock.deploy]\n{lines}")
        config = {"HEALER_CONFIG": str(self._folder / "healer.toml"), "HEALER_HOME": str(self._folder / "home")}
        found = list(deploying.checks(load_settings(config).services[0]))
        assert all(check.remedy for check in found if check.state != "ok")
        assert not list(self._folder.glob("**/ran"))
        assert not self.service.hooks
        return {check.name: check for check in found}

    def not_ok(self, top: str = "", **changes: str | None) -> dict[str, str]:
        return {name: check.state for name, check in self.look(top, **changes).items() if check.state != "ok"}


@pytest.fixture
def deployed(tmp_path):
    service = DeployedService(tmp_path)
    yield Deployed(tmp_path, service)
    service.close()


def test_a_command_its_health_and_its_packages_are_looked_at(deployed, tmp_path, monkeypatch):
    found = deployed.look(way_back='["true"]')
    assert {name: check.state for name, check in found.items()} == dict.fromkeys(
        ("command", "way back", "health"), "ok"
    )
    assert str(tmp_path / "deploy") in found["command"].found
    assert deployed.not_ok(run_in='"nowhere"') == {"command": "missing"}
    assert deployed.not_ok(way_back='["no-such-program"]') == {"way back": "missing"}
    (tmp_path / "deploy").chmod(0o644)
    assert deployed.not_ok() == {"command": "missing"}
    (tmp_path / "deploy").chmod(0o755)
    packages = {"requirements": '"x.lock"'}
    assert deployed.not_ok('releases = "nowhere"', **packages) == {"releases": "missing"}
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pip" else real(name))
    assert deployed.not_ok('releases = "."', **packages) == {"pip": "missing"}


def test_a_health_that_is_not_well_is_missing(deployed):
    assert deployed.not_ok(version_header='"X-Commit"') == {}
    assert "without X-Version" in deployed.look(version_header='"X-Version"')["health"].found
    assert deployed.not_ok(health='"http://127.0.0.1:9/health"') == {"health": "missing"}
    deployed.url = ""
    assert deployed.not_ok() == {"probes": "weaker"}
    deployed.service.ill.add("")
    assert "answers 500" in deployed.look()["health"].found


def test_a_webhook_s_receiver_is_looked_up_and_told_nothing(deployed, tmp_path):
    hook = {"command": None, "webhook": f'"{deployed.service.url}/hook/private"'}
    assert deployed.not_ok(**hook) == {"webhook": "weaker"}  # not signed
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text("private-and-long-enough")
    found = deployed.look(**hook, secret_file='"secret"')
    assert {check.state for check in found.values()} == {"ok"}
    assert "private" not in str(found)
    assert deployed.not_ok(command=None, webhook='"https://a..b/x"') == {"webhook": "missing"}


def test_a_supervisor_tells_its_workers_and_an_old_one_has_no_canary(deployed, around):
    way = f'releases = "{around}/releases"\ncontrol = "{around}/old.sock"'
    supervisor = ScriptedSupervisor(around / "old.sock", around / "releases")
    try:
        canary = {"command": None, "health": None, "canary_workers": "1"}
        assert deployed.not_ok(way, **canary) == {}
        supervisor.serving = "0123456789abcdef"
        assert deployed.look(way, **canary)["supervisor"].found == "answers; serves 0123456789 with 1 worker"
        supervisor.old = True
        assert "older one" in deployed.look(way, **canary)["supervisor"].found
        assert deployed.not_ok(way, **canary) == {"supervisor": "missing"}
        assert deployed.not_ok(way, command=None, health=None) == {}
    finally:
        supervisor.close()


class OnGitHub:
    """The service's repository on a GitHub, with a token to see and change it."""

    def __init__(self, site, hub) -> None:
        self._site, self.hub = site, hub
        self.repo = hub.repository("acme/stock", files={"app.py": "stock = 1\n"}, collaborators={hub.bot: "admin"})
        site.given(HEALER_URL="https://healer.example.org")

    def examine(self, token: str, **settings: str) -> tuple[int, dict[str, dict]]:
        """What is found of GitHub and git; everything else is as it should be."""
        path = self._site.folder / "token"
        path.touch(mode=0o600)
        path.write_text(token)
        before = (self.repo.pulls, sorted(self.repo.path.glob("refs/heads/**/*")))
        self._site.configure(repository=f"{self.hub.url}/acme/stock.git", token_file="token", **settings)
        code, found = self._site.examine()
        assert (self.repo.pulls, sorted(self.repo.path.glob("refs/heads/**/*"))) == before
        assert token not in str(found)
        of_repository = ("stock repository", "stock push", "stock GitHub")
        return code, {name[6:]: check for name, check in found.items() if name.startswith(of_repository)}


@pytest.fixture
def on_github(site, tmp_path):
    with FakeGitHub(tmp_path / "hub") as hub:
        yield OnGitHub(site, hub)


def test_on_github_everything_is_right(on_github):
    on_github.repo.webhook(WEBHOOK, "secret")
    expires = datetime.now(UTC) + timedelta(days=300)
    token = on_github.hub.token(**RIGHTS, repository_hooks="read", expires=expires)
    code, found = on_github.examine(token)
    assert (code, {check["state"] for check in found.values()}) == (0, {"ok"}), found
    assert {"repository", "push", "GitHub token", "GitHub pull requests", "GitHub webhook"} <= set(found)
    assert WEBHOOK in found["GitHub webhook"]["found"]
    assert found["repository"]["found"].endswith(f"main at {on_github.repo.tip('main')[:10]}")


def test_each_permission_that_is_missing_is_named(on_github):
    code, found = on_github.examine(on_github.hub.token(contents="read", pull_requests="read"))
    needed = {
        "push": "Contents: write",
        "GitHub contents": "Contents: read and write",
        "GitHub pull requests": "Pull requests: read and write",
        "GitHub checks": "Checks: read-only",
        "GitHub statuses": "Commit statuses: read-only",
    }
    assert (code, {name for name, check in found.items() if check["state"] != "ok"}) == (3, set(needed))
    for name, permission in needed.items():
        assert permission in found[name]["found"], found[name]
        assert found[name]["remedy"]
    code, found = on_github.examine(on_github.hub.token(contents="write", pull_requests="write"))
    assert (code, {name for name, check in found.items() if check["state"] != "ok"}) == (
        0,
        {"GitHub checks", "GitHub statuses"},
    )


def test_a_token_that_expired_is_missing_and_so_is_what_it_opened(on_github):
    token = on_github.hub.token(**RIGHTS, expires=datetime.now(UTC) - timedelta(days=1))
    code, found = on_github.examine(token)
    assert (code, {check["state"] for check in found.values()}) == (3, {"missing"})
    assert "expired" in found["GitHub token"]["found"]
    assert "expired" in found["repository"]["found"]


def test_a_branch_that_is_not_there_is_missing_and_a_protected_one_is_told(on_github):
    on_github.repo.protect("main", reviews=1)
    token = on_github.hub.token(**RIGHTS)
    code, found = on_github.examine(token)
    assert code == 0
    assert "protected" in found["GitHub branch"]["found"]
    code, found = on_github.examine(token, branch="trunk")
    assert (code, found["repository"]["state"], found["GitHub branch"]["state"]) == (3, "missing", "missing")


def test_a_webhook_that_leads_elsewhere_is_weaker(on_github):
    on_github.repo.webhook("https://other.example.org/webhooks/github", "secret")
    code, found = on_github.examine(on_github.hub.token(**RIGHTS, repository_hooks="read"))
    assert (code, found["GitHub webhook"]["state"]) == (0, "weaker"), found["GitHub webhook"]
    assert WEBHOOK in found["GitHub webhook"]["found"] + found["GitHub webhook"]["remedy"]


def test_without_a_token_the_remedy_is_one(site, tmp_path):
    with FakeGitHub(tmp_path / "hub") as hub:
        hub.repository("acme/stock", private=False)
        site.configure(repository=f"{hub.url}/acme/stock.git")
        code, found = site.examine()
    assert (code, found["stock repository"]["state"], found["stock push"]["state"]) == (3, "ok", "missing")
    assert "token_file" in found["stock push"]["remedy"]
    assert "stock GitHub token" not in found
