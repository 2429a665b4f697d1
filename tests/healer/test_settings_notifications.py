"""The tables [[notifications]] of healer.toml, and the collector's address: what is taken, refused, and never shown."""

import pytest
from healer.model import BadInput, State
from healer.settings import load_settings

SHOP = '[services.shop]\nrepository = "shop.git"\nseed = "seed"\n'
PRIVATE = "T0AAAA/B0BBBB/very-private"
TABLE = f'[[notifications]]\nurl = "https://hooks.example.org/services/{PRIVATE}"\n'


@pytest.fixture
def settings(tmp_path):
    def load(toml, **environment):
        config = tmp_path / "healer.toml"
        config.write_text(SHOP + toml)
        return load_settings({"HEALER_HOME": str(tmp_path / "home"), "HEALER_CONFIG": str(config), **environment})

    return load


def test_what_is_left_out_has_its_default(settings):
    (target,) = settings(TABLE).notifications
    assert (target.title, target.format, target.services) == ("hooks.example.org", "json", ())
    assert target.states == (State.PROPOSED, State.RESOLVED, State.DECLINED, State.ROLLED_BACK, State.REGRESSED)
    assert target.address.get_secret_value().endswith(PRIVATE)
    assert not target.secret.get_secret_value()
    assert PRIVATE not in repr(settings(TABLE))


def test_secrets_are_in_files_beside_it(settings, tmp_path):
    for name, text in (("address", f"https://hooks.example.org/{PRIVATE}\n"), ("secret", "0123456789abcdef\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    toml = '[[notifications]]\nname = "chat"\nurl_file = "address"\nsecret_file = "secret"\nstates = ["proposed"]\n'
    (target,) = settings(toml).notifications
    assert target.address.get_secret_value() == f"https://hooks.example.org/{PRIVATE}"
    assert target.secret.get_secret_value() == "0123456789abcdef"
    assert target.title == "chat"
    (tmp_path / "address").chmod(0o644)
    with pytest.raises(BadInput, match=r"notifications\.1\.url_file: others may read .*chmod 600"):
        settings(toml)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[notifications]\nurl = 'https://x.test'\n", ["[[notifications]]", "two brackets"]),
        ("[[notifications]]\n", ["notifications.1", "url", "url_file"]),
        (TABLE + 'url_file = "x"\n', ["notifications.1.url_file", "cannot read"]),
        (f'[[notifications]]\nurl = "http://hooks.example.org/{PRIVATE}"\n', ["notifications.1.url", "https://"]),
        (f'[[notifications]]\nurl = "https://me:pw@example.org/{PRIVATE}"\n', ["notifications.1.url", "secret_file"]),
        (f'[[notifications]]\nurl = "hooks.example.org/{PRIVATE}"\n', ["notifications.1.url", "https://hooks"]),
        (f'[[notifications]]\nurl = ["https://x.test/{PRIVATE}"]\n', ["notifications.1.url"]),
        (TABLE + 'states = ["proposd"]\n', ["notifications.1.states", "'proposd'", "'proposed'"]),
        (TABLE + "states = []\n", ["notifications.1.states"]),
        (TABLE + 'services = ["blog"]\n', ["notifications.1.services", "'blog'", "shop"]),
        (TABLE + 'format = "xml"\n', ["notifications.1.format", "'xml'", "'slack'"]),
        (TABLE + 'name = "a b"\n', ["notifications.1.name", "'a b'"]),
        (TABLE + 'secret = "x"\n', ["notifications.1", "secret_file"]),
        (TABLE + 'secret_file = "very-private"\n', ["notifications.1.secret_file", "cannot read", "No such file"]),
        (
            f'[[notifications]]\nurl_file = "https://hooks.example.org/{PRIVATE}"\n',
            ["notifications.1.url_file", "write the address into a file"],
        ),
        (TABLE + 'secret_file = "https://x.test/private"\n', ["notifications.1.secret_file", "name of a file"]),
        (TABLE + 'sates = ["proposed"]\n', ["notifications.1.sates"]),
        (TABLE + TABLE, ["notifications.2.name", "'hooks.example.org'", "another name"]),
        (21 * TABLE, ["21", "20"]),
    ],
)
def test_what_is_wrong_is_told_with_field_and_remedy_and_without_the_secret(settings, toml, said):
    with pytest.raises(BadInput) as refused:
        settings(toml)
    for words in said:
        assert words in str(refused.value)
    assert "private" not in str(refused.value)
    assert "pw@" not in str(refused.value)


def test_a_collector_is_told_nothing_over_other_peoples_networks(settings):
    assert settings("", HEALER_OTLP_URL="http://127.0.0.1:4318/").otlp_url == "http://127.0.0.1:4318"
    for address in (
        "http://collector.example.org:4318",
        "https://me:pw@collector.test",
        "collector",
        "https://c.test/v1?api_key=pw",
        "c.test/v1?api_key=pw",
    ):
        with pytest.raises(BadInput, match="HEALER_OTLP_URL") as refused:
            settings("", HEALER_OTLP_URL=address)
        assert "pw" not in str(refused.value)


def test_an_address_in_place_of_a_file_of_the_environment_is_not_told(settings):
    with pytest.raises(BadInput, match="HEALER_BUS_FILE: this is an address") as refused:
        settings("", HEALER_BUS_FILE="redis://:pw@redis.test")
    assert "pw" not in str(refused.value)
