"""Several healers on one Postgres database: what they write at the same moment is written one after the other."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from healer.edges.store import Store
from healer.edges.store.tables import metadata
from healer.model import State
from sqlalchemy import select
from sqlalchemy.exc import InternalError

from tests.healer.samples import a_report

HEALERS, REPORTS = 4, 24


@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_nothing_is_lost_and_nobody_waits_for_ever(store):
    """Each has its own connections and locks, as a process has: the same new incidents, in another order each."""
    url = store._database.engine.url.render_as_string(hide_password=False)
    healers = [Store(url, audit_key="key") for _ in range(HEALERS)]
    together = Barrier(HEALERS)

    def work(number: int) -> None:
        chance, healer = random.Random(number), healers[number]
        together.wait()
        for turn in range(REPORTS):
            prints = chance.sample(["a", "b", "c"], 3)
            ids = [f"{number:04d}{turn:04d}{name}" for name in prints]
            batch = [(a_report(report_id=one), name) for one, name in zip(ids, prints, strict=True)]
            for incident in healer.incidents.take_all(batch, {})[:1]:
                states = (State.OPEN, State.DIAGNOSING)
                healer.incidents.move(incident.id, chance.choice(states), expected=states)

    with ThreadPoolExecutor(HEALERS) as pool:
        list(pool.map(work, range(HEALERS)))
    assert [one.count for one in store.incidents.list()] == [HEALERS * REPORTS] * 3
    occurrences = metadata.tables["occurrences"].c
    with store._database.reading() as transaction:
        counts = [row["count"] for row in transaction.all(select(occurrences.count))]
    assert counts == [HEALERS * REPORTS] * 3
    assert store.auditor.verify().flaw is None
    for healer in healers:
        healer.close()


def test_several_may_start_at_once_on_an_empty_database(postgres):
    url = postgres.database()
    healers = [Store(url, audit_key="key") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: one.migrate(), healers))
    assert all(healer.lag() == "" for healer in healers)
    assert healers[0].auditor.verify().flaw is None
    for healer in healers:
        healer.close()


def test_the_server_notices_a_healer_that_is_gone_in_the_middle_of_a_write(postgres):
    """Which would keep the lock that all others wait for; on a machine that vanished there is nobody to close it."""
    url = postgres.database()
    with closing(Store(url, audit_key="key")) as store:
        store.migrate()
        with pytest.raises(InternalError, match="idle-in-transaction"), store._database.writing() as transaction:
            raw = transaction.connection.connection.dbapi_connection
            assert raw.info.get_parameters().items() >= {"keepalives_idle": "5", "tcp_user_timeout": "10000"}.items()
            kept = transaction.connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
            assert kept == "1min"
            transaction.connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 100")
            with closing(Store(url, audit_key="key")) as other:
                other.log.append("test.written", "t", {}, trace_id="", ui_hint="control")
                assert other.auditor.verify().flaw is None
