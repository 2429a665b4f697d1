import os
import stat
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from healer.model import BadInput
from healer.settings import GitHubAddress, load_settings

GOOD = """
[services.shop]
repository = "shop.git"
seed = "seed"
entry = "shop.main:app"
"""
GITHUB = """
[services.shop]
repository = "https://github.com/acme/shop.git"
"""
TOKEN = "github_pat_0123456789abcdefghij"
SUPERVISOR = GOOD + 'releases = "r"\ncontrol = "c.sock"\n'
COMMAND = (
    '[services.shop.deploy]\ncommand = ["systemctl", "restart", "shop"]\nhealth = "http://127.0.0.1:8000/health"\n'
)
WEBHOOK = '[services.shop.deploy]\nwebhook = "https://ci.test/hook/x"\nhealth = "http://127.0.0.1:8000/health"\n'
DEPLOY = "[services.shop.deploy]\n"


def settings(tmp_path: Path, toml: str | None = GOOD, **environment: str):
    config = tmp_path / "healer.toml"
    if toml is not None:
        config.write_text(toml)
        environment.setdefault("HEALER_CONFIG", str(config))
    return load_settings({"HEALER_HOME": str(tmp_path / "home"), **environment})


def test_no_settings_at_all_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = load_settings({})
    assert loaded.services == ()
    assert loaded.base_url == "http://127.0.0.1:8001"
    assert (tmp_path / ".healer" / "operator-token").exists()


def test_paths_are_relative_to_the_file(tmp_path):
    service = settings(tmp_path).services[0]
    assert service.repository == str(tmp_path / "shop.git")
    assert service.seed == tmp_path / "seed"


def test_an_address_is_no_path(tmp_path):
    for address in ("https://example.org/shop.git", "git@example.org:shop.git", "ssh://example.org/shop.git"):
        assert settings(tmp_path, f'[services.shop]\nrepository = "{address}"').services[0].repository == address


def test_secrets_are_made_once_and_private(tmp_path):
    first, second = settings(tmp_path), settings(tmp_path)
    assert len(first.operator_token.get_secret_value()) > 30
    assert first.operator_token == second.operator_token
    assert first.operator_token != first.webhook_secret
    mode = (tmp_path / "home" / "operator-token").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("name", ["operator-token", "viewer-token", "webhook-secret", "audit-key"])
@pytest.mark.parametrize("kept", ["", "\n", "fifteen-letters"])
def test_a_kept_secret_that_protects_nothing_is_refused_with_its_file(tmp_path, name, kept):
    settings(tmp_path)
    (tmp_path / "home" / name).write_text(kept)
    with pytest.raises(BadInput) as refused:
        settings(tmp_path)
    for word in (str(tmp_path / "home" / name), f"{len(kept.strip())} characters", "openssl rand", "delete the file"):
        assert word in str(refused.value)
    (tmp_path / "home" / name).unlink()
    settings(tmp_path)


@pytest.mark.parametrize("name", ["HEALER_OPERATOR_TOKEN", "HEALER_VIEWER_TOKEN"])
def test_a_token_that_can_be_guessed_is_refused_and_not_shown(tmp_path, name):
    (tmp_path / "token").write_text("fifteen-letters\n")
    for given in ({name: "fifteen-letters"}, {f"{name}_FILE": str(tmp_path / "token")}):
        with pytest.raises(BadInput) as refused:
            settings(tmp_path, **given)
        for word in (name, "15 characters", "at least 16", "openssl rand"):
            assert word in str(refused.value)
        assert "fifteen" not in str(refused.value)
    assert settings(tmp_path, **{name: "sixteen-letters-"})


def test_a_secret_is_read_from_a_file_and_shown_nowhere(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("very-private\n")
    loaded = settings(tmp_path, HEALER_WEBHOOK_SECRET_FILE=str(secret), HEALER_LLM_KEY_FILE=str(secret))
    assert loaded.webhook_secret.get_secret_value() == "very-private"
    assert loaded.llm_key.get_secret_value() == "very-private"
    assert "very-private" not in repr(loaded)


@pytest.mark.parametrize(
    ("toml", "environment", "said"),
    [
        (GOOD, {"HEALER_PORT": "http"}, ["HEALER_PORT", "'http'"]),
        (GOOD, {"HEALER_PORT": "70000"}, ["HEALER_PORT", "65535"]),
        (GOOD, {"HEALER_LOG_LEVEL": "loud"}, ["HEALER_LOG_LEVEL", "'loud'", "debug"]),
        (GOOD, {"HEALER_URL": "localhost:8001"}, ["HEALER_URL", "http://"]),
        (GOOD, {"HEALER_OPERATOR_TOKEN_FILE": "/nowhere"}, ["HEALER_OPERATOR_TOKEN_FILE", "/nowhere"]),
        (None, {"HEALER_CONFIG": "/nowhere.toml"}, ["HEALER_CONFIG", "/nowhere.toml"]),
        ("[services.shop]\n", {}, ["services.shop.repository", "required"]),
        (GOOD + 'autonomy = "wild"', {}, ["services.shop.autonomy", "'wild'", "propose"]),
        (GOOD + 'autonomy = "autonomous"', {}, ["services.shop", "autonomy", "releases and control", "propose"]),
        (GOOD + "[services.shop.autonomous]\nmin_confidence = 0.5", {}, ["autonomous.min_confidence", "0.5", "0.78"]),
        (GOOD + "[services.shop.autonomous]\nmax_risk = 2", {}, ["autonomous.max_risk", "2"]),
        (GOOD + "[services.shop.autonomous]\nmerges_per_day = 0", {}, ["autonomous.merges_per_day", "0"]),
        (GOOD + 'colour = "red"', {}, ["services.shop.colour"]),
        (GOOD + 'releases = "r"', {}, ["releases", "control"]),
        (GOOD + "release_pushes = true", {}, ["release_pushes", "no way to deploy", "deploy.webhook"]),
        (SUPERVISOR + COMMAND, {}, ["control and deploy.command", "all but one"]),
        (GOOD + COMMAND + 'webhook = "https://ci.test"', {}, ["deploy.command and deploy.webhook", "all but one"]),
        (GOOD + DEPLOY + 'command = "systemctl restart shop"', {}, ["deploy.command", "'systemctl restart", "list"]),
        (GOOD + DEPLOY + 'command = [" "]', {}, ["deploy.command", "first word"]),
        (GOOD + DEPLOY + 'command = ["x", "a\\u0000b"]', {}, ["deploy.command", "cannot be given"]),
        (GOOD + DEPLOY + 'command = ["x"]', {}, ["deploy.health", "http://127.0.0.1:8000/health"]),
        (GOOD + DEPLOY + 'webhook = "https://ci.test"', {}, ["deploy.health", "http://127.0.0.1:8000/health"]),
        (SUPERVISOR + DEPLOY + 'health = "http://127.0.0.1"', {}, ["deploy.health", "leave it out", "--health"]),
        (GOOD + DEPLOY + 'version_header = "X-Commit"', {}, ["deploy.version_header", "leave it out"]),
        (GOOD + COMMAND + 'version_header = "X Commit"', {}, ["deploy.version_header", "'X Commit'"]),
        (GOOD + COMMAND + "health_seconds = 0", {}, ["deploy.health_seconds", "0"]),
        (GOOD + COMMAND + "canary_workers = 1", {}, ["deploy.canary_workers", "1", "releases and control"]),
        (SUPERVISOR + DEPLOY + "canary_seconds = 0", {}, ["deploy.canary_seconds", "0"]),
        (GOOD + DEPLOY + "soak_seconds = -1", {}, ["deploy.soak_seconds", "-1"]),
        (GOOD + COMMAND + 'requirements = "x.lock"', {}, ["deploy.requirements", "set releases"]),
        (SUPERVISOR + DEPLOY + 'requirements = "../x.lock"', {}, ["deploy.requirements", "'../x.lock'", "inside"]),
        (GOOD + WEBHOOK + 'way_back = ["undo"]', {}, ["deploy.way_back", "deploy.command", "leave it out"]),
        (GOOD + COMMAND + 'way_back = ["x", "a{folder}"]', {}, ["{folder}", "set releases"]),
        (GOOD + COMMAND + 'secret_file = "/nowhere"', {}, ["deploy.secret_file", "No such file"]),
        (GOOD + WEBHOOK + 'secret_file = "healer.toml"', {}, ["deploy.secret_file", "chmod 600"]),
        (GOOD + DEPLOY + 'webhook = "ftp://ci.test/private"', {}, ["deploy.webhook", "http(s)"]),
        (GOOD + DEPLOY + 'webhook = "http://ci.test/private"', {}, ["deploy.webhook", "http://ci.test", "https://"]),
        (GOOD + DEPLOY + 'webhook = "http://8.8.8.8/private"', {}, ["deploy.webhook", "http://8.8.8.8", "https://"]),
        (GOOD + DEPLOY + 'webhook = "http://134744072/x"', {}, ["deploy.webhook", "http://134744072", "https://"]),
        (GOOD + DEPLOY + 'webhook = "http://0x8080808/x"', {}, ["deploy.webhook", "http://0x8080808", "https://"]),
        (GOOD + 'safe_requests = ["post /search"]', {}, ["safe_requests", "'post /search'", "'POST /search'"]),
        (GOOD + 'safe_requests = ["BREW /tea"]', {}, ["safe_requests", "'BREW /tea'"]),
        (GOOD + 'safe_requests = ["POST search"]', {}, ["safe_requests", "'POST search'"]),
        (GOOD + 'safe_requests = ["POST /a?b=c"]', {}, ["safe_requests", "'POST /a?b=c'", "without a query"]),
        (GOOD + 'safe_requests = ["POST /a/x*"]', {}, ["safe_requests", "'POST /a/x*'", "whole segment"]),
        (GOOD + 'safe_requests = ["POST /*/*"]', {}, ["safe_requests", "'POST /*/*'", "payments"]),
        (GOOD + f'releases = "r"\ncontrol = "/{"c" * 120}"', {}, ["control", "107"]),
        (GOOD + 'source = ["../etc"]', {}, ["../etc", "inside"]),
        ('[services.shop]\nrepository = "x"\nentry = "shop main"', {}, ["services.shop.entry", "'shop main'"]),
        ('[services."Bad Name"]\nrepository = "x"', {}, ["name", "Bad Name"]),
        ("[service.shop]\n", {}, ["'service'", "[services.<name>]"]),
        ("services = 3", {}, ["services"]),
        (GOOD, {"HEALER_LLM_URL": "llm:8002"}, ["HEALER_LLM_URL", "'llm:8002'", "http://"]),
        (GOOD + 'engine = "llm"', {}, ["HEALER_LLM_URL", "services.shop.engine", "http://127.0.0.1:8002/v1"]),
        (GOOD + 'engine = "both"', {}, ["services.shop.engine", "'both'", "auto"]),
        (GOOD, {"HEALER_PROT": "8001"}, ["HEALER_PROT", "HEALER_PORT"]),
        (GOOD, {"HEALER_POLL_SECONDS": "1"}, ["HEALER_POLL_SECONDS", "'1'", "5"]),
        (GOOD, {"HEALER_RETENTION_DAYS": "-1"}, ["HEALER_RETENTION_DAYS", "'-1'", "0"]),
        (GOOD, {"HEALER_MAX_INCIDENTS": "9"}, ["HEALER_MAX_INCIDENTS", "'9'", "100"]),
        (GOOD + "new_incidents_per_hour = 0\n", {}, ["services.shop.new_incidents_per_hour", "1"]),
        (GOOD + 'forge = "gitlab"', {}, ["services.shop.forge", "'gitlab'", "auto"]),
        (GOOD + 'forge = "github"', {"HEALER_GITHUB_TOKEN": TOKEN}, ["services.shop.forge", "shop.git", "address"]),
        (GITHUB + 'forge = "github"', {}, ["services.shop.forge", "needs a token", "token_file"]),
        (GITHUB + 'seed = "seed"', {}, ["services.shop", "seed", "github.com", "leave seed out"]),
        (GITHUB + 'ssh_key = "healer.toml"', {}, ["services.shop.ssh_key", "chmod 600"]),
        (GITHUB + 'ssh_key = "/nowhere"', {}, ["services.shop.ssh_key", "/nowhere"]),
        (GITHUB + 'token_file = "none"', {}, ["services.shop.token_file", "No such file"]),
        (GITHUB + 'token_file = "."', {}, ["services.shop.token_file", "no file"]),
        (GOOD + 'token_file = "healer.toml"', {}, ["services.shop.token_file", "shop.git", "leave token_file out"]),
        (GITHUB + f'labels = ["{"x" * 51}"]', {}, ["services.shop.labels", "x" * 51, "50"]),
        (GITHUB + 'labels = ["a,b"]', {}, ["services.shop.labels", "'a,b'", "comma"]),
        (GITHUB + "fetch_depth = -1", {}, ["services.shop.fetch_depth", "-1"]),
        (GITHUB + 'github_api = "ghe/api"', {}, ["services.shop.github_api", "'ghe/api'", "http"]),
        ('[services.shop]\nrepository = "git://h/o/n"', {}, ["services.shop.repository", "git://", "https://"]),
        ('[services.shop]\nrepository = "https:///o/n"', {}, ["services.shop.repository", "no host"]),
        ("not toml", {}, ["healer.toml"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_the_remedy(tmp_path, toml, environment, said):
    with pytest.raises(BadInput) as caught:
        settings(tmp_path, toml, **environment)
    for word in said:
        assert word in str(caught.value)


def test_a_service_has_one_way_to_deploy_or_none(tmp_path):
    ways = [settings(tmp_path, toml).services[0].way for toml in (GOOD, SUPERVISOR, GOOD + COMMAND, GOOD + WEBHOOK)]
    assert ways == [None, "supervisor", "command", "webhook"]
    with_folders = GOOD + 'releases = "r"\n' + COMMAND + 'way_back = ["x", "{folder}"]\nrequirements = "x.lock"'
    assert settings(tmp_path, with_folders).services[0].way == "command"


def test_a_command_runs_beside_the_file_unless_told_otherwise(tmp_path):
    toml = (
        GOOD + DEPLOY + 'health = "http://app/health"\ncommand = ["./deploy.sh", "./x"]\nway_back = ["make", "a/b"]\n'
    )
    deploy = settings(tmp_path, toml).services[0].deploy
    assert deploy.command == (str(tmp_path / "deploy.sh"), "./x")
    assert (deploy.way_back, deploy.run_in) == (("make", "a/b"), tmp_path)
    assert settings(tmp_path, toml + 'run_in = "sub"').services[0].deploy.run_in == tmp_path / "sub"


def test_a_webhook_stays_near_or_goes_encrypted_and_its_secret_is_private(tmp_path):
    for address in ("http://127.0.0.1:9/x", "http://192.168.1.5/x", "http://ci/x", "http://ci.lan/x", "http://[::1]/x"):
        toml = GOOD + WEBHOOK.replace("https://ci.test/hook/x", address)
        assert settings(tmp_path, toml).services[0].deploy.webhook == address
    secret = tmp_path / "secret"
    secret.write_text("private")
    secret.chmod(0o600)
    toml = GOOD + WEBHOOK + 'secret_file = "secret"'
    with pytest.raises(BadInput, match=r"holds 7 characters.*at least 16") as caught:
        settings(tmp_path, toml)
    assert "private" not in str(caught.value)
    secret.write_text("private-and-long-enough\n")
    loaded = settings(tmp_path, toml)
    assert loaded.services[0].deploy.secret.get_secret_value() == "private-and-long-enough"
    assert "private" not in repr(loaded)
    assert settings(tmp_path, GOOD + WEBHOOK).services[0].deploy.secret.get_secret_value() == ""


def test_a_soak_of_the_service_s_own_goes_before_that_of_all(tmp_path):
    loaded = settings(
        tmp_path, GOOD + DEPLOY + "soak_seconds = 0\n[services.b]\nrepository = 'b'", HEALER_SOAK_SECONDS="9"
    )
    assert [loaded.soak_of(service) for service in loaded.services] == [0, 9]


def test_what_is_over_is_kept_for_some_time_or_for_ever(tmp_path):
    assert settings(tmp_path).kept_for == timedelta(days=90)
    assert settings(tmp_path, HEALER_RETENTION_DAYS="0").kept_for is None


def test_requests_that_change_nothing_can_be_named(tmp_path):
    named = ("POST /search", "PUT /reports/*/draft", "POST /", "GET /*", "DELETE /cache/")
    toml = SUPERVISOR + f'safe_requests = {list(named)}\nrelease_pushes = true\nautonomy = "autonomous"'
    service = settings(tmp_path, toml).services[0]
    assert service.safe_requests == named
    assert (service.autonomous.min_confidence, service.autonomous.max_risk, service.autonomous.merges_per_day) == (
        0.9,
        0.25,
        10,
    )


@pytest.mark.parametrize(
    ("repository", "more", "api", "name", "web"),
    [
        ("https://github.com/acme/shop.git", "", "https://api.github.com", "acme/shop", "https://github.com"),
        ("https://GitHub.com:443/acme/shop/", "", "https://api.github.com", "acme/shop", "https://github.com"),
        ("git@github.com:acme/shop.git", "", "https://api.github.com", "acme/shop", "https://github.com"),
        ("ssh://git@ssh.github.com:443/acme/shop", "", "https://api.github.com", "acme/shop", "https://github.com"),
        ("https://ghe.test:8443/a/b.c", "", "https://ghe.test:8443/api/v3", "a/b.c", "https://ghe.test:8443"),
        ("ssh://git@ghe.test:2222/a/b.git", "", "https://ghe.test/api/v3", "a/b", "https://ghe.test"),
        ("https://acme.ghe.com/a/b", "", "https://api.acme.ghe.com", "a/b", "https://acme.ghe.com"),
        ("http://127.0.0.1:81/a/b.git", "", "http://127.0.0.1:81/api/v3", "a/b", "http://127.0.0.1:81"),
        ("http://[::1]:81/a/b.git", "", "http://[::1]:81/api/v3", "a/b", "http://[::1]:81"),
        ("https://a.test/a/b", 'github_api = "https://b.test/v3/"', "https://b.test/v3", "a/b", "https://a.test"),
    ],
)
def test_a_token_and_an_address_are_github(tmp_path, repository, more, api, name, web):
    toml = f'[services.shop]\nrepository = "{repository}"\n{more}'
    loaded = settings(tmp_path, toml, HEALER_GITHUB_TOKEN=TOKEN)
    assert loaded.github_of(loaded.services[0]) == GitHubAddress(api, name, web)


def test_without_a_token_or_an_address_proposals_stay_in_the_healer(tmp_path):
    loaded = settings(tmp_path, HEALER_GITHUB_TOKEN=TOKEN)
    shop = loaded.services[0]
    assert loaded.github_of(shop) is None
    assert loaded.token_of(shop).get_secret_value() == ""
    assert shop.branch == "main"  # of a seed; elsewhere the repository says
    loaded = settings(tmp_path, GITHUB)
    shop = loaded.services[0]
    assert loaded.github_of(shop) is None
    assert shop.branch is None
    assert "https://github.com" in loaded.lack_of(shop)
    assert "services.shop" in loaded.lack_of(shop)
    loaded = settings(tmp_path, GITHUB.replace("https://github.com/", "git@github.com:"))
    assert loaded.lack_of(loaded.services[0]) == ""


def test_a_service_s_own_token_goes_before_that_of_all(tmp_path):
    token_file = tmp_path / "token"
    token_file.write_text(f"{TOKEN}own\n")
    token_file.chmod(0o600)
    toml = f'{GITHUB}token_file = "token"\n{GITHUB.replace("shop", "other")}'
    loaded = settings(tmp_path, toml, HEALER_GITHUB_TOKEN=TOKEN)
    assert [loaded.token_of(service).get_secret_value() for service in loaded.services] == [f"{TOKEN}own", TOKEN]
    assert loaded.lack_of(loaded.services[0]) == ""
    assert TOKEN not in repr(loaded)


def test_a_local_forge_is_given_no_token_but_its_own(tmp_path):
    loaded = settings(tmp_path, GITHUB + 'forge = "local"', HEALER_GITHUB_TOKEN=TOKEN)
    assert loaded.token_of(loaded.services[0]).get_secret_value() == ""
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    loaded = settings(tmp_path, GITHUB + 'forge = "local"\ntoken_file = "token"')
    assert loaded.token_of(loaded.services[0]).get_secret_value() == TOKEN
    assert loaded.github_of(loaded.services[0]) is None


@pytest.mark.parametrize(
    "text", ["", "two words of some length", "zu-kurz", "tökentökentökentöken", "x" * 1001, f'"{TOKEN}"']
)
def test_what_is_obviously_no_token_is_refused_unseen(tmp_path, text):
    (tmp_path / "token").write_text(text)
    (tmp_path / "token").chmod(0o600)
    ways = [(GITHUB + 'token_file = "token"', {}), (GITHUB, {"HEALER_GITHUB_TOKEN_FILE": str(tmp_path / "token")})]
    ways += [(GITHUB, {"HEALER_GITHUB_TOKEN": text})] if text else []
    for toml, environment in ways:
        with pytest.raises(BadInput, match=r"token_file|HEALER_GITHUB_TOKEN") as caught:
            settings(tmp_path, toml, **environment)
        assert not text or text not in str(caught.value)


def test_a_token_file_that_others_may_read_is_refused_unless_its_mount_is_read_only(tmp_path, monkeypatch):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    for mode in (0o640, 0o604):
        path.chmod(mode)
        for toml, environment in (
            (GITHUB + 'token_file = "token"', {}),
            (GITHUB, {"HEALER_GITHUB_TOKEN_FILE": str(path)}),
        ):
            with pytest.raises(BadInput, match=rf"mode {mode:04o}.*chmod 600"):
                settings(tmp_path, toml, **environment)
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_flag=os.ST_RDONLY))
    loaded = settings(tmp_path, GITHUB + 'token_file = "token"')
    assert loaded.token_of(loaded.services[0]).get_secret_value() == TOKEN


@pytest.mark.parametrize(
    "toml",
    [
        '[services.shop]\nrepository = "https://me:private@github.com/acme/shop"',
        '[services.shop]\nrepository = "https://private@github.com/acme/shop"',
        '[services.shop]\nrepository = "ssh://me:private@github.com/acme/shop"',
        '[services.shop]\nrepository = "me:private@github.com:acme/shop"',
        '[services.shop]\nrepository = "https://github.com/acme/shop?token=private"',
        '[services.shop]\nrepository = "ftp://me:private@github.com/acme/shop"',
        GITHUB + 'github_api = "https://me:private@ghe.test"',
        GITHUB + 'url = "nothttp://me:private@ghe.test"',
        GITHUB + DEPLOY + 'webhook = "https://me:private@ci.test/x"',
        GITHUB + DEPLOY + 'webhook = "ci.test/hook/private"',
        GITHUB + 'token = "private"',
        GITHUB + 'tokne = "private"',
        GITHUB + 'token_file = "private"',
        GITHUB + 'token_file = "https://private.test/"',
        GITHUB + f'token_file = "{"private" * 40}"',
        GITHUB + DEPLOY + 'secret_file = "private/x"',
        GITHUB + DEPLOY + 'secret_file = "https://ci.test/private"',
        GITHUB + DEPLOY + 'health = "app/health?key=private"',
        GITHUB + 'report_url = "healer?key=private"',
        GITHUB + "[services.shop.replay]\nheaders = { x-token = ['private'] }",
    ],
)
def test_a_secret_in_the_wrong_place_is_refused_and_not_repeated(tmp_path, toml):
    with pytest.raises(BadInput, match=r"services\.shop") as caught:
        settings(tmp_path, toml)
    assert "private" not in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (GITHUB.replace("https", "http"), ["services.shop.repository", "http://github.com", "https://"]),
        (GITHUB + 'github_api = "http://ghe.test/api/v3"', ["services.shop.github_api", "ghe.test", "https://"]),
        (GITHUB.replace("acme/", "a/group/"), ["services.shop.repository", "a/group/shop", "forge = 'local'"]),
        (GITHUB.replace("acme/", "../"), ["services.shop.repository"]),
        (
            GITHUB + GITHUB.replace("shop", "other").replace("github.com", "ghe.test"),
            ["api.github.com", "ghe.test/api"],
        ),
    ],
)
def test_a_token_goes_nowhere_that_it_must_not(tmp_path, toml, said):
    with pytest.raises(BadInput) as caught:
        settings(tmp_path, toml, HEALER_GITHUB_TOKEN=TOKEN)
    for word in said:
        assert word in str(caught.value)


def test_an_ssh_key_is_for_ssh(tmp_path):
    key = tmp_path / "key"
    key.touch(mode=0o600)
    loaded = settings(tmp_path, '[services.shop]\nrepository = "git@github.com:acme/shop"\nssh_key = "key"')
    assert loaded.services[0].ssh_key == key
    with pytest.raises(BadInput, match="git@host:owner/name"):
        settings(tmp_path, GITHUB + 'ssh_key = "key"')


def test_a_proxy_is_named_by_its_address(tmp_path):
    assert settings(tmp_path).proxy == ""
    assert settings(tmp_path, HEALER_PROXY="127.0.0.1, 10.1.0.0/16,::1").proxy == "127.0.0.1,10.1.0.0/16,::1"
    for wrong in ("*", "proxy.test", "10.1.0.0/8", "127.0.0.1,"):
        with pytest.raises(BadInput, match=r"HEALER_PROXY: .* is no address and no network; write for example 127"):
            settings(tmp_path, HEALER_PROXY=wrong)


def test_the_bus_is_none_postgres_or_a_redis_and_is_not_told(tmp_path):
    assert settings(tmp_path).bus.get_secret_value() == ""
    address = "rediss://:s3cret-word@redis.test:6380/1"
    file = tmp_path / "bus"
    file.write_text(address + "\n")
    given = settings(tmp_path, HEALER_BUS_FILE=str(file))
    assert given.bus.get_secret_value() == address and "s3cret" not in repr(given)
    database = "postgresql://healer@db.test/healer"
    assert settings(tmp_path, HEALER_BUS="postgres", HEALER_DATABASE_URL=database).bus.get_secret_value() == "postgres"
    with pytest.raises(BadInput, match=r"HEALER_BUS: 'postgres'.*set HEALER_DATABASE_URL"):
        settings(tmp_path, HEALER_BUS="postgres")
    for wrong in ("kafka", "redis://", "http://:s3cret-word@redis.test", "redis://:s3cret-word@redis.test:99999"):
        with pytest.raises(BadInput, match=r"HEALER_BUS: this is no bus; write postgres") as refused:
            settings(tmp_path, HEALER_BUS=wrong)
        assert "s3cret" not in str(refused.value)
