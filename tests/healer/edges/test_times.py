"""When an incident was opened, proposed and healed: as it happens, and read out of the log of an older healer."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config
from healer.edges.store import Store, ago, incidents
from healer.edges.store.codec import DIAGNOSIS
from healer.edges.store.database import MIGRATIONS, Database, Transaction
from healer.model import State
from sqlalchemy import text

from tests.healer.samples import a_diagnosis, a_report

DAY = "2026-01-02T03:04:{:02d}.000000Z"


@pytest.fixture
def clock(monkeypatch):
    """Each look at it is a second later; reports come at second 0."""
    seconds = iter(range(1, 60))
    monkeypatch.setattr(incidents, "now", lambda: DAY.format(next(seconds)))


def hours_ago(number: int) -> str:
    """Within that hour of the clock."""
    return ago(timedelta(hours=number))


def taken(store: Store):
    return store.incidents.take(a_report(received_at=DAY.format(0)), "f").id


def moved(store: Store, incident: str, *states: State, **values):
    for state in states:
        store.incidents.move(incident, state, expected=tuple(State), **values)
    found = store.incidents.get(incident)
    times = (found.opened_at, found.proposed_at, found.healed_at)
    return tuple(int(time[17:19]) if time else None for time in times)


def test_a_round_that_a_person_asked_for_is_no_new_beginning(store, clock):
    incident = taken(store)
    assert moved(store, incident, State.DIAGNOSING, State.REPAIRING) == (0, None, None)
    assert moved(store, incident, State.PROPOSED) == (0, 1, None)
    assert moved(store, incident, State.OPEN, State.REPAIRING, State.PROPOSED) == (0, 1, None)
    assert moved(store, incident, State.REJECTED, State.PROPOSED) == (0, 1, None)  # opened again on its forge


def test_a_retry_begins_anew(store, clock):
    incident = taken(store)
    store.incidents.set(incident, diagnosis=a_diagnosis())
    assert store.incidents.get(incident).category == "missing-key"
    moved(store, incident, State.PROPOSED, State.REJECTED)
    assert moved(store, incident, State.OPEN, diagnosis=None) == (2, None, None)
    assert store.incidents.get(incident).category == ""
    assert moved(store, incident, State.PROPOSED) == (2, 3, None)


def healed_events(store: Store, incident: str) -> list[dict]:
    return [dict(event.payload) for event in store.log.of_key(incident) if event.type == "incident.healed"]


def test_healed_is_said_once_and_taken_back_by_a_relapse(store, clock):
    incident = taken(store)
    moved(store, incident, State.PROPOSED, State.SOAKING)
    store.incidents.healed(incident, "replay")
    store.incidents.healed(incident, "sandbox")
    assert moved(store, incident, State.RESOLVED) == (0, 1, 2)
    assert healed_events(store, incident) == [{"seconds": 2.0, "by": "replay"}]
    assert moved(store, incident, State.REGRESSED) == (0, 1, None)
    store.incidents.healed(incident, "sandbox")  # by one that looked before
    assert moved(store, incident) == (0, 1, None)
    moved(store, incident, State.OPEN, attempt=2)
    store.incidents.healed(incident, "replay")
    assert moved(store, incident, State.RESOLVED) == (3, None, 4)
    assert healed_events(store, incident)[1:] == [{"seconds": 1.0, "by": "replay"}]


def test_the_time_and_the_event_come_together_or_not_at_all(store, monkeypatch):
    incident = taken(store)

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "append", killed)
        with pytest.raises(SystemExit):
            store.incidents.healed(incident, "replay")
    assert store.incidents.get(incident).healed_at is None
    store.incidents.healed(incident, "replay")
    assert store.incidents.get(incident).healed_at is not None
    assert len(healed_events(store, incident)) == 1


STORIES = {  # incident: what the log says of it, and its times then
    "quick": (("opened", "", ""), ("state", "repairing", "proposed"), ("healed", "", ""), (None, 1, 2)),
    "again": (("opened", "", ""), ("state", "repairing", "proposed"), ("state", "proposed", "open"), (None, 1, None)),
    "retried": (("state", "repairing", "proposed"), ("healed", "", ""), ("state", "resolved", "open"), (2, None, None)),
    "relapsed": (("state", "repairing", "proposed"), ("healed", "", ""), ("state", "x", "regressed"), (None, 0, None)),
    "broken": (("state", "", ""), (None, None, None)),
    "silent": ((None, None, None),),
}
# incident: hours ago, and what the log says that came then
COUNTED = {
    "quick": [(23, {"new": 3}), (2, {"new": 4}), (2, {"new": 5, "count": 12}), (0, {"new": 1}), (0, {"new": "many"})],
    "relapsed": [(25, {"new": 7})],
    "broken": [(1, "nothing")],
    "forgotten": [(1, {"new": 2})],
}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_an_older_healer_left_gets_its_times_from_the_log(tmp_path, request, kind):
    on_sqlite = kind == "sqlite"
    url = f"sqlite:///{tmp_path}/old.db" if on_sqlite else request.getfixturevalue("postgres").database()
    old = Database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    add_incident = text(
        "INSERT INTO incidents (id, service, fingerprint, state, reason, exception_type, exception_message, count, "
        "first_seen, last_seen, trace_id, attempt, diagnosis) "
        "VALUES (:id, 'shop', :id, 'open', '', 'E', '', 1, :first, :first, '', 1, :diagnosis)"
    )
    add_event = text(
        "INSERT INTO events (type, key, payload, timestamp, trace_id, ui_hint) "
        "VALUES (:type, :key, :payload, :at, '', '')"
    )
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        for name, (*events, _) in STORIES.items():
            diagnosis = json.dumps(DIAGNOSIS.dump(a_diagnosis(category="c" * 70)) if name == "quick" else None)
            connection.execute(add_incident, {"id": name, "first": DAY.format(59), "diagnosis": diagnosis})
            for second, (type, before, to) in enumerate(events):
                payload = json.dumps({"from": before, "to": to} if name != "broken" else "neither")
                event = {"type": f"incident.{type}", "key": name, "payload": payload, "at": DAY.format(second)}
                connection.execute(add_event, event)
        for name, reports in COUNTED.items():
            for hours, said in reports:
                event = {"type": "report.received", "key": name, "payload": json.dumps(said), "at": hours_ago(hours)}
                connection.execute(add_event, event)
    old.close()
    made = Store(url, audit_key="key")
    made.migrate()
    for name, (*_, (opened, proposed, healed)) in STORIES.items():
        expected = (59 if opened is None else opened, proposed, healed)
        assert moved(made, name) == expected, name
    sparklines = {name: made.finding.sparkline(name) for name in STORIES}
    assert sparklines.pop("quick") == (3, *[0] * 20, 9, 0, 1)
    assert {sum(counts) for counts in sparklines.values()} == {0}
    assert made.incidents.get("quick").category == "c" * 63
    assert made.incidents.get("silent").category == ""
    assert made.auditor.verify().flaw is None
    with made._database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        command.upgrade(config, "head")
    made.close()
