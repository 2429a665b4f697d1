"""`healer notify test`, against a real receiver."""

import json

import pytest
from healer.cli import app
from healer.model import BadInput
from typer.testing import CliRunner

from tests.healer.notified import a_receiver


@pytest.fixture
def receiver():
    with a_receiver() as made:
        yield made


@pytest.fixture
def run(tmp_path, monkeypatch):
    def command(toml, *words):
        (tmp_path / "healer.toml").write_text(toml)
        monkeypatch.setenv("HEALER_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("HEALER_CONFIG", str(tmp_path / "healer.toml"))
        return CliRunner().invoke(app, ["notify", "test", *words])

    return command


def two(receiver):
    return (
        f'[[notifications]]\nname = "chat"\nurl = "{receiver.url}/T0/private"\nformat = "slack"\n'
        f'[[notifications]]\nname = "desk"\nurl = "{receiver.url}/desk"\n'
    )


def test_each_target_gets_a_sample_and_what_it_said_is_told(receiver, run):
    receiver.answers += [(404, {})]
    ended = run(two(receiver))
    assert ended.exit_code == 1
    assert ended.output.splitlines() == ["chat did not take it: it answered 404", "desk took it: it answered 200"]
    first, second = receiver.received
    assert (first.path, "blocks" in first.json) == ("/T0/private", True)
    assert second.json["type"] == "test"
    assert second.json["id"] == second.delivery


def test_one_can_be_asked_by_its_name(receiver, run):
    ended = run(two(receiver), "desk", "--json")
    assert ended.exit_code == 0
    assert json.loads(ended.output) == [{"target": "desk", "taken": True, "said": "answered 200"}]
    assert [message.path for message in receiver.received] == ["/desk"]
    assert "'desk'" in str(run(two(receiver), "dsk").exception)


def test_without_a_target_it_says_how_to_have_one(run):
    assert isinstance(run("").exception, BadInput)
