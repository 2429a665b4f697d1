"""The event log as an audit trail: whatever is done to it behind the healer's back is found, and nothing else is."""

import json
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from healer.edges.store import Store
from healer.edges.store.database import MIGRATIONS, Database
from healer.edges.store.head import read_head
from healer.edges.store.trail import EventFilter
from healer.model import BadInput, StoreError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

KEY = "the audit key of these tests"
EVENTS = 30
ALL_BUT_ID = "type, key, payload, timestamp, trace_id, ui_hint, digest"


class Place:
    """A database with its head file in a folder."""

    def __init__(self, folder: Path) -> None:
        self.database, self.head = folder / "healer.db", folder / "audit-head"

    def store(self, key: str = KEY) -> Store:
        return Store(f"sqlite:///{self.database}", audit_key=key, audit_head=self.head)

    def verify(self, key: str = KEY):
        with closing(self.store(key)) as store:
            return store.auditor.verify()

    def kind(self) -> str:
        flaw = self.verify().flaw
        return flaw.kind if flaw else "whole"

    def tamper(self, *statements: str) -> None:
        """As somebody who may do anything to the database."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as raw:
            raw.execute("pragma synchronous = off")
            raw.execute("drop trigger if exists events_unchanged")
            raw.execute("drop trigger if exists events_kept")
            for statement in statements:
                raw.execute(statement)

    def read(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.database)) as raw:
            raw.text_factory = bytes
            return raw.execute(query).fetchall()

    def content(self) -> tuple:
        return self.read("select * from events order by id"), self.read("select * from chain")


@dataclass(frozen=True)
class Files:
    database: bytes = field(repr=False)
    head: bytes = field(repr=False)


def append(store: Store, number: int) -> None:
    store.log.append("x", f"key{number % 3}", {"n": number}, trace_id="t", ui_hint="control", once=f"once{number}")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A log of thirty events, as bytes of its two files."""
    place = Place(tmp_path_factory.mktemp("log"))
    with closing(place.store()) as store:
        store.migrate()
        for number in range(1, EVENTS + 1):
            append(store, number)
    return Files(place.database.read_bytes(), place.head.read_bytes())


def copied(files: Files, folder: Path) -> Place:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    place = Place(folder)
    place.database.write_bytes(files.database)
    place.head.write_bytes(files.head)
    return place


@pytest.fixture
def place(files, tmp_path):
    return copied(files, tmp_path / "copy")


def swap(first: int, second: int) -> tuple[str, ...]:
    """Two events change places; neither keeps its `once`, which is unique, for a moment."""
    return (
        f"update events set id = -1 where id = {first}",
        f"update events set id = {first} where id = {second}",
        f"update events set id = {second} where id = -1",
    )


def insert_copy(of: int, at: int) -> tuple[str, ...]:
    return (f"insert into events (id, {ALL_BUT_ID}) select {at}, {ALL_BUT_ID} from events where id = {of}",)


def make_room(at: int) -> tuple[str, ...]:
    return (f"update events set id = -id - 1 where id >= {at}", "update events set id = -id where id < 0")


def cut(after: int) -> tuple[str, ...]:
    record = f"select {after}, {after}, digest from events where id = {after}"
    return (f"delete from events where id > {after}", f"update chain set (count, last_id, digest) = ({record})")


NUMBER = st.integers(1, EVENTS)
VALUE = st.sampled_from(["'other'", "''", "null", "7", "x'ff00'", "cast(x'fffe' as text)", """'{"n":1}'"""])
COLUMN = st.sampled_from(["type", "key", "payload", "timestamp", "trace_id", "ui_hint", "once", "digest"])
RECORD_COLUMN = st.sampled_from(["count", "last_id", "digest", "seal"])
TAMPERING = st.one_of(
    st.builds(
        lambda *given: ("update or ignore events set {} = {} where id = {}".format(*given),), COLUMN, VALUE, NUMBER
    ),
    st.builds(lambda number: (f"delete from events where id = {number}",), NUMBER),
    st.builds(lambda number: (f"delete from events where id >= {number}",), NUMBER),
    st.builds(swap, NUMBER, NUMBER),
    st.builds(lambda of, at: (*make_room(at), *insert_copy(of, at)), NUMBER, NUMBER),
    st.builds(insert_copy, NUMBER, st.just(EVENTS + 1)),
    st.builds(make_room, NUMBER),
    st.builds(cut, NUMBER),
    st.builds(lambda *given: ("update or ignore chain set {} = {}".format(*given),), RECORD_COLUMN, VALUE),
    st.just(("delete from chain",)),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(TAMPERING, min_size=1, max_size=3))
def test_tampering_is_always_found(files, tmp_path, done):
    place = copied(files, tmp_path / "copy")
    before = place.content()
    for statements in done:
        try:
            place.tamper(*statements)
        except sqlite3.IntegrityError:  # such as a place that an earlier step had taken
            continue
    assume(place.content() != before)
    assert place.kind() != "whole"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PAYLOAD = st.dictionaries(st.text() | st.integers(), JSON, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    payloads=st.lists(PAYLOAD, min_size=1, max_size=4),
    name=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=80),
)
def test_what_the_healer_writes_is_never_found_wrong(files, tmp_path, payloads, name):
    place = copied(files, tmp_path / "copy")
    with closing(place.store()) as store:
        for payload in payloads:
            store.log.append("x", name, payload, trace_id="t", ui_hint="control")
        assert store.auditor.verify().flaw is None  # while it is being written, too
        assert store.auditor.verify().head.count == EVENTS + len(payloads)


@pytest.mark.parametrize(
    ("done", "kind", "event"),
    [
        (("update events set payload = '{}' where id = 5",), "changed", 5),
        (("update events set digest = 'x' where id = 5",), "changed", 5),
        (("delete from events where id = 5",), "missing", 5),
        (("delete from events where id between 1 and 3",), "missing", 1),
        (("delete from events where id = 30",), "cut off", 30),
        (swap(5, 6), "reordered", 5),
        (swap(5, 20), "reordered", 5),
        (make_room(5), "reordered", 5),
        ((*make_room(5), *insert_copy(2, 5)), "inserted", 5),
        (insert_copy(2, 31), "inserted", 31),
        ((*insert_copy(2, 31), "update events set digest = '' where id = 31"), "inserted", 31),
        (cut(20), "record", None),
        (("update chain set seal = 'x'",), "record", None),
        (("delete from chain",), "record", None),
    ],
)
def test_what_was_done_is_named(place, done, kind, event):
    place.tamper(*done)
    flaw = place.verify().flaw
    assert (flaw.kind, flaw.event) == (kind, event), flaw.detail


def test_a_log_set_back_to_what_it_was_is_found_by_the_file(files, tmp_path):
    place = copied(files, tmp_path / "copy")
    with closing(place.store()) as store:
        store.migrate()
        append(store, 31)
    place.database.write_bytes(files.database)  # an old backup, seal and all
    flaw = place.verify().flaw
    assert (flaw.kind, flaw.event) == ("cut off", 31)
    with closing(place.store()) as store:  # a start over it does not wipe the trace away
        store.migrate()
        append(store, 32)
        append(store, 33)
    assert place.kind() == "changed"


def test_appending_does_not_cover_up_an_edited_record(place):
    place.tamper(*cut(20))
    with closing(place.store()) as store:
        store.migrate()
        append(store, 40)
    assert place.kind() == "record"
    place.tamper("delete from chain")
    with closing(place.store()) as store:
        store.migrate()
        append(store, 41)
    assert place.kind() == "record"


@pytest.mark.parametrize("edit", [lambda said: "", lambda said: "{}", lambda said: said.replace(": 30", ": 29")])
def test_an_edited_file_is_found_and_left_as_it_is(place, edit):
    said = edit(place.head.read_text())
    place.head.write_text(said)
    assert place.kind() == "head"
    with closing(place.store()) as store:
        store.migrate()
        append(store, 31)
    assert place.head.read_text() == said


def test_a_missing_file_is_found_and_a_start_without_it_is_told(place):
    place.head.unlink()
    assert place.kind() == "head"
    with closing(place.store()) as store:
        store.migrate()
    audit = place.verify()
    assert audit.flaw is None
    assert [(note["type"], note["payload"]["up_to"]) for note in audit.notes] == [("audit.resumed", EVENTS)]


def test_the_file_lags_behind_and_is_whole_at_the_end(place):
    before = json.loads(place.head.read_text())
    with closing(place.store()) as store:
        store.migrate()
        for number in range(31, 61):
            append(store, number)
        assert place.kind() == "whole"  # whatever the file says by now
    assert stat.S_IMODE(place.head.stat().st_mode) == 0o600
    assert (before["last_id"], json.loads(place.head.read_text())["last_id"]) == (30, 60)
    place.head.write_text(json.dumps(before))  # as after kill -9: the database went on
    assert place.kind() == "whole"


@pytest.mark.parametrize("stamp", ["2020-01-01T00:00:00.000000Z", "2090-01-01T00:00:00.000000Z"])
def test_a_changed_time_hides_no_other_event(place, stamp):
    tampered = range(EVENTS // 3, EVENTS, 4)
    place.tamper(*(f"update events set timestamp = '{stamp}' where id = {number}" for number in tampered))
    ids = {number for (number,) in place.read("select id from events")} - {*tampered}
    with closing(place.store()) as store:
        for wanted in (EventFilter(since="2026"), EventFilter(until="2089"), EventFilter(since="2026", until="2089")):
            page = store.auditor.trail.page(wanted, None, 100)
            assert ids <= {event["id"] for event in page.events}
            assert ids <= {event["id"] for event in store.auditor.trail.all(wanted)}


def test_two_healers_may_write_the_file_at_the_same_time(place, monkeypatch):
    with closing(place.store()) as one, closing(place.store()) as other:
        one.log.append("here", "a", {}, trace_id="", ui_hint="control")
        replace = Path.replace

        def as_the_other_one_does(draft: Path, target: Path) -> Path:
            monkeypatch.setattr(Path, "replace", replace)
            other._head.save()
            return replace(draft, target)

        monkeypatch.setattr(Path, "replace", as_the_other_one_does)
        one._head.save()
        assert read_head(place.head) == one._head._known
    assert list(place.head.parent.glob(".audit-head*")) == []


def test_another_key_is_named_as_a_possible_cause(place):
    assert "HEALER_AUDIT_KEY" in place.verify(key="another").flaw.detail


def test_the_database_itself_refuses_to_change_or_delete_an_event(place):
    with closing(sqlite3.connect(place.database)) as raw:
        for statement in (
            "update events set key = 'x' where id = 3",
            "delete from events where id = 3",
            "delete from events",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)


def test_many_writers_in_several_processes_make_one_chain(place):
    def write(store: Store, first: int) -> None:
        for number in range(first, first + 15):
            append(store, number)

    with closing(place.store()) as one, closing(place.store()) as other:
        threads = [threading.Thread(target=write, args=(store, 100 * n)) for n, store in enumerate((one, other) * 2, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    audit = place.verify()
    assert (audit.flaw, audit.head.count, audit.head.last_id) == (None, EVENTS + 60, EVENTS + 60)


def test_a_transaction_that_fails_leaves_no_gap(place):
    with closing(place.store()) as store:
        with pytest.raises(ZeroDivisionError), store._database.writing() as transaction:
            transaction.append("x", "k", {}, trace_id="t", ui_hint="control")
            raise ZeroDivisionError
        append(store, 31)
        assert [event.id for event in store.log.after(EVENTS)] == [31]
    assert place.kind() == "whole"


def test_events_from_before_the_chain_are_chained_and_told_so(tmp_path):
    place = Place(tmp_path)
    old = Database(f"sqlite:///{place.database}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for number in (1, 2, 5):  # numbers may be missing: a transaction that failed had taken them
            row = f"""({number}, 'x', 'k', '{{"n": {number}}}', 'then', 't', 'control', null)"""
            connection.execute(text(f"insert into events values {row}".replace(":", "\\:")))
    old.close()
    for _ in range(2):  # a second start adds nothing
        with closing(place.store()) as store:
            store.migrate()
            assert [event.payload for event in store.log.of_key("k")] == [{"n": 1}, {"n": 2}, {"n": 5}]
    audit = place.verify()
    assert (audit.flaw, audit.head.last_id) == (None, 6)
    assert [(note["type"], note["payload"]) for note in audit.notes] == [("audit.began", {"chained": 3, "up_to": 5})]
    place.tamper("update events set payload = '{}' where id = 2")
    assert place.verify().flaw.event == 2


def test_where_there_is_no_log_there_is_nothing_to_verify(tmp_path):
    place = Place(tmp_path)
    with pytest.raises(BadInput, match="no database"):
        place.verify()
    assert not place.database.exists()
    sqlite3.connect(place.database).close()
    with pytest.raises(BadInput, match="no audit chain yet"):
        place.verify()
    place.database.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="cannot be read"):
        place.verify()


def test_the_quick_look_sees_the_end_only(place):
    with closing(place.store()) as store:
        assert store.auditor.look_at_the_end().flaw is None
        place.tamper("update events set payload = '{}' where id = 5")
        assert store.auditor.look_at_the_end().flaw is None
        place.tamper("delete from events where id = 30")
        assert store.auditor.look_at_the_end().flaw.kind == "cut off"
