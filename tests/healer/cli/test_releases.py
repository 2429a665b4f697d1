"""The commands about releases against the real API; the deployment behind it is scripted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from healer import cli
from healer.cli import deciding, releases
from healer.cli.client import Client
from healer.model import BadInput, Conflict, HealerError, NotFound, Serving, State
from typer.testing import CliRunner

from tests.healer.web.release_desk import FIRST, FIX, PUSH, Desk

Run = Callable[..., Result]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(Desk(tmp_path)) as made:
        yield made


@pytest.fixture
def run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Run:
    class Wired(Client):
        def __init__(self, _settings: object) -> None:
            self._base, self._http = "", desk.http

    monkeypatch.setattr(releases, "connect", lambda: Wired(None))
    monkeypatch.setenv("COLUMNS", "160")  # whatever terminal the tests have
    return lambda *words, typed="": CliRunner().invoke(cli.app, words, input=typed)


def failed(result: Result, kind: type[HealerError], *words: str) -> None:
    assert type(result.exception) is kind, result
    for word in words:
        assert word in str(result.exception)


def test_releases_are_a_table_and_json(desk: Desk, run: Run) -> None:
    desk.deployment.now = Serving(FIX, "serving", canary=PUSH, fell_back="Its workers ended.")
    listed = run("releases", "shop").stdout
    first, told, _, *rows = listed.splitlines()
    assert first == f"serving, release {FIX[:10]}, a share of the users has {PUSH[:10]}"
    assert told == "Its workers ended."
    for commit, words in (
        (FIRST, "  kept 1111111111 live first -"),
        (FIX, f"▶ serves {FIX[:10]} live proposal {desk.incident_id}"),
        (PUSH, f"▷ canary {PUSH[:10]} rolled_back push -"),
    ):
        row = next(row for row in rows if commit[:10] in row)
        assert " ".join(row.split()).startswith(" ".join(words.split()))
    assert "It breaks something new:  [2J[red]KeyError" in listed
    assert f"revert #8 takes {PUSH[:10]} back: Revert a push\n  healer revert approve shop {PUSH[:10]}" in listed
    assert json.loads(run("releases", "shop", "--json").stdout) == desk.get("/services/shop/releases")
    failed(run("releases", "shp"), BadInput, "did you mean 'shop'?")


def test_a_service_goes_back_to_the_release_before_or_to_a_named_one(desk: Desk, run: Run) -> None:
    said = run("rollback", "shop", "--reason", "slow").stdout
    assert said == f"shop: going from {FIX[:10]} to {FIRST[:10]}\n`healer watch --service shop` follows it.\n"
    assert json.loads(run("rollback", "shop", "--to", "ABC3", "--json").stdout) == {"service": "shop", "to": "abc3"}
    assert desk.dispatch.orders == [
        ("serve", "shop", FIRST, "operator", "slow"),
        ("serve", "shop", "abc3", "operator", ""),
    ]
    desk.deployment.now = Serving(FIX, "serving", canary=PUSH)
    run("rollback", "shop")
    assert desk.dispatch.orders[-1] == ("serve", "shop", FIX, "operator", "")  # the canary is taken back
    failed(run("rollback", "shop", "--to", "x"), BadInput, "body.to")
    desk.dispatch.refusal = Conflict("it is what shop serves now")
    failed(run("rollback", "shop", "--to", FIX), HealerError, "it is what shop serves now")


def test_without_a_release_before_it_says_what_to_do(desk: Desk, run: Run) -> None:
    desk.deployment.now = Serving(FIRST, "serving")
    failed(run("rollback", "shop"), Conflict, FIRST[:10], "--to", "`healer releases shop`")
    desk.deployment.away = "no answer"
    failed(run("rollback", "shop"), Conflict, "unreachable: no answer")
    assert desk.dispatch.orders == []


def test_an_incident_goes_back_as_before(desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def roll_back(incident_id: str, by: str, reason: str):
        taken.append((incident_id, by, reason))
        return desk.store.incidents.get(incident_id)

    monkeypatch.setattr(desk.dispatch, "roll_back", roll_back, raising=False)
    desk.store.incidents.move(desk.incident_id, State.SOAKING, expected=(State.OPEN,))
    said = run("rollback", desk.incident_id[:5], "--reason", "slow").stdout
    assert said.startswith(f"{desk.incident_id}: rollback accepted, now soaking\n")
    assert f"`healer watch {desk.incident_id}` follows it" in said
    assert taken == [(desk.incident_id, "operator", "slow")]
    failed(run("rollback", desk.incident_id, "--to", FIRST), BadInput, "--to", "shop, stock")
    failed(run("rollback", "zzz"), NotFound, "'zzz'", "shop, stock")


def test_a_revert_is_named_by_the_beginning_of_its_release(desk: Desk, run: Run) -> None:
    said = run("revert", "approve", "shop", "ABC").stdout
    assert said == f"revert #8 at {'b' * 10}: Revert a push\nshop: approve accepted, now open\n"
    rejected = run("revert", "reject", "shop", PUSH, "--reason", "keep it", "--json").stdout
    assert json.loads(rejected) == {"service": "shop", "commit": PUSH, "state": "open"}
    assert desk.dispatch.orders == [
        ("approve", "shop", PUSH, "operator"),
        ("reject", "shop", PUSH, "operator", "keep it"),
    ]
    failed(run("revert", "approve", "shop", FIX[:6]), NotFound, "no open proposal", "`healer releases shop`")
    failed(run("revert", "approve", "shop", ""), BadInput, "is empty", "`healer releases shop`")
    assert len(desk.dispatch.orders) == 2
    desk.store.reverts.set("shop", PUSH, state="closed")
    failed(run("revert", "reject", "shop", "abc"), NotFound, "no open proposal")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["revert", "approve", "shop", "abc"], ["Revert a push", "+b", "Merge it? [y/N]"]),
        (["rollback", "shop"], [f"shop: go from {FIX[:10]} to {FIRST[:10]}? [y/N]"]),
        (["rollback", "incident"], ["KeyError in read", "Serve the release before its fix again? [y/N]"]),
    ],
)
def test_what_changes_the_users_release_is_asked_about_on_a_terminal(
    desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str], shown: list[str]
) -> None:
    def roll_back(incident_id: str, *_words: str):
        desk.dispatch.orders.append(("roll back", incident_id))
        return desk.store.incidents.get(incident_id)

    monkeypatch.setattr(desk.dispatch, "roll_back", roll_back, raising=False)
    monkeypatch.setattr(deciding, "_is_terminal", lambda: True)
    words = [desk.incident_id[:6] if word == "incident" else word for word in words]
    for typed in ("\n", "n\n", ""):
        refused = run(*words, typed=typed)
        assert (refused.exit_code, "Nothing was done." in refused.stdout) == (1, True)
        assert [word for word in shown if word not in refused.stdout] == []
    failed(run(*words, "--json"), BadInput, "--yes")
    assert desk.dispatch.orders == []
    assert run(*words, typed="y\n").exit_code == 0
    assert "[y/N]" not in run(*words, "--yes").stdout
    assert len(desk.dispatch.orders) == 2
