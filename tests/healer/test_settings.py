import stat
from pathlib import Path

import pytest
from healer.model import BadInput
from healer.settings import load_settings

GOOD = """
[services.shop]
repository = "shop.git"
seed = "seed"
entry = "shop.main:app"
"""


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
        (GOOD + 'colour = "red"', {}, ["services.shop.colour"]),
        (GOOD + 'releases = "r"', {}, ["releases", "control"]),
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
        ("not toml", {}, ["healer.toml"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_the_remedy(tmp_path, toml, environment, said):
    with pytest.raises(BadInput) as caught:
        settings(tmp_path, toml, **environment)
    for word in said:
        assert word in str(caught.value)
