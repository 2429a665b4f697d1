"""Reads the event log as an auditor: is it whole, and what does it hold? It changes nothing and trusts no row.

The log is walked once, in constant memory; only a log that is wrong is walked again, to say how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from healer.edges.store import tables
from healer.edges.store.chain import Chain, Head, Record
from healer.edges.store.database import Database
from healer.edges.store.head import read_head
from healer.edges.store.tail import STORED, read_record
from healer.edges.store.trail import ROWS_AT_ONCE, Trail, parsed
from healer.model import BadInput, StoreError

MOST_NOTES = 50

_ENDS = select(tables.events.c.id, tables.events.c.digest)
_NOTES = STORED.where(tables.events.c.key == "audit").limit(MOST_NOTES)


@dataclass(frozen=True)
class Flaw:
    """The first thing that is wrong with a log."""

    kind: str  # changed | missing | reordered | inserted | cut off | record | head
    event: int | None  # its id, where it is one event's
    detail: str


@dataclass(frozen=True)
class Audit:
    """What a walk over the whole log, or a look at its end, found."""

    checked: str  # all | end
    head: Head  # as far as the log is whole
    flaw: Flaw | None
    notes: tuple[Mapping[str, Any], ...]  # what the log says about its own chain

    def as_json(self) -> dict[str, Any]:
        return {
            "whole": self.flaw is None,
            "checked": self.checked,
            "events": self.head.count,
            "last_id": self.head.last_id,
            "digest": self.head.digest,
            "flaw": asdict(self.flaw) if self.flaw else None,
            "notes": [{name: note[name] for name in ("id", "timestamp", "type", "payload")} for note in self.notes],
        }


@dataclass
class _Walk:
    """How far the log is whole, and what was seen on the way."""

    head: Head = field(default_factory=Head)
    flaw: Flaw | None = None
    notes: list[Mapping[str, Any]] = field(default_factory=list)
    at_kept: str | None = None  # digest of the event that the file names


class Auditor:
    def __init__(self, database: Database, chain: Chain, head_file: Path | None) -> None:
        self._database = database
        self._chain = chain
        self._head_file = head_file
        self.trail = Trail(self._snapshot)

    def verify(self) -> Audit:
        """Raises BadInput when there is no log that could be verified, StoreError when it cannot be read now."""
        # Before the database: the file lags behind it, so what it names must be in what is read afterwards.
        kept, head_flaw = self._kept()
        with self._snapshot() as connection:
            record = read_record(connection)
            walk = self._walk(connection, record, kept)
        flaw = walk.flaw or self._wrong_end(walk.head, record) or head_flaw or self._wrong_file(walk, kept)
        return Audit("all", walk.head, flaw, tuple(walk.notes))

    def look_at_the_end(self, *, keeps_file: bool = True) -> Audit:
        """The quick part of `verify`: do the record, the file and the last event agree? Raises BadInput as it does.

        `keeps_file`: False where nobody has kept the file yet; that it is missing says nothing then.
        """
        kept, head_flaw = self._kept()
        walk = _Walk()
        with self._snapshot() as connection:
            record = read_record(connection)
            last = connection.execute(_ENDS.order_by(tables.events.c.id.desc()).limit(1)).first()
            if last is not None:
                walk.head = Head(record.head.count if record else 0, last[0], last[1])
            if kept is not None:
                known = connection.execute(_ENDS.where(tables.events.c.id == kept.head.last_id)).first()
                walk.at_kept = known[1] if known else None
            walk.notes = [_note(row) for row in connection.execute(_NOTES).mappings()]
        flaw = self._wrong_end(walk.head, record) or head_flaw
        if flaw is None and (keeps_file or kept is not None):
            flaw = self._wrong_file(walk, kept)
        return Audit("end", walk.head, flaw, tuple(walk.notes))

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """One state of the database for all that is read; the healer may go on writing."""
        driver = self._database.engine.dialect.loaded_dbapi  # by which the record is read
        try:
            with self._connected() as connection:
                if not inspect(connection).has_table("chain"):
                    raise BadInput("the database has no audit chain yet; start the healer once, which makes it")
                yield connection
        except (SQLAlchemyError, driver.Error) as error:
            raise StoreError(f"the healer's database cannot be read: {str(error).splitlines()[0]}") from error

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        file = self._database.file()
        if file is None:
            with self._database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                yield connection
            return
        if not file.is_file():
            raise BadInput(f"there is no database {file}; set HEALER_HOME or HEALER_DATABASE_URL as for the healer")
        with self._database.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            # Bytes that are no text must be found wrong, not stop the reading.
            raw.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
            try:
                yield connection
            finally:
                raw.text_factory = str

    def _kept(self) -> tuple[Record | None, Flaw | None]:
        if self._head_file is None:
            return None, None
        try:
            kept = read_head(self._head_file)
        except BadInput as error:
            return None, Flaw("head", None, str(error))
        if kept is not None and not self._chain.holds(kept):
            return None, Flaw("head", None, f"{self._head_file} was changed, or HEALER_AUDIT_KEY is another one")
        return kept, None

    def _walk(self, connection: Connection, record: Record | None, kept: Record | None) -> _Walk:
        walk = _Walk()
        rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(STORED).mappings()
        for row in rows:
            if not _fits(self._chain, walk.head.digest, row, row["id"]):
                rows.close()
                walk.flaw = _Explanation(self._chain, connection, walk.head, record).of(row)
                return walk
            walk.head = Head(walk.head.count + 1, row["id"], row["digest"])
            if kept is not None and row["id"] == kept.head.last_id:
                walk.at_kept = row["digest"]
            if row["key"] == "audit" and len(walk.notes) < MOST_NOTES:
                walk.notes.append(_note(row))
        return walk

    def _wrong_end(self, end: Head, record: Record | None) -> Flaw | None:
        if record is None:
            return Flaw("record", None, "the table `chain` is empty: the record of the log's end was removed")
        if not self._chain.holds(record):
            return Flaw("record", None, "the table `chain` was changed: the record of the log's end has a wrong seal")
        if record.head.last_id > end.last_id:
            gone = f"{end.last_id + 1} to {record.head.last_id}"
            return Flaw("cut off", end.last_id + 1, f"events {gone} are missing from the end")
        if record.head != end:
            return Flaw(
                "record",
                None,
                f"the table `chain` was set back to event {record.head.last_id}; the log goes on after it",
            )
        return None

    def _wrong_file(self, walk: _Walk, kept: Record | None) -> Flaw | None:
        if self._head_file is None or (kept is None and not walk.head.count):
            return None
        if kept is None:
            return Flaw("head", None, f"{self._head_file} is missing: whether the end was cut off cannot be told")
        if kept.head.last_id > walk.head.last_id:
            gone = f"{walk.head.last_id + 1} to {kept.head.last_id}"
            return Flaw(
                "cut off", walk.head.last_id + 1, f"events {gone}, which {self._head_file} knows of, are missing"
            )
        if kept.head.count and walk.at_kept != kept.head.digest:
            return Flaw("changed", kept.head.last_id, f"{self._head_file} knows another event under this number")
        return None


def _fits(chain: Chain, previous: str, row: RowMapping, number: int) -> bool:
    """Whether this row was written as event `number` after the event with the digest `previous`."""
    try:
        return chain.digest(previous, {**row, "id": number}) == str(row["digest"])
    except TypeError:  # a column holds bytes, or what else the healer never writes
        return False


def _note(row: RowMapping) -> Mapping[str, Any]:
    return {**row, "payload": parsed(row["payload"])}


class _Explanation:
    """How the log is wrong after `good`, its last event in order."""

    def __init__(self, chain: Chain, connection: Connection, good: Head, record: Record | None) -> None:
        self._chain = chain
        self._connection = connection
        self._good = good
        self._record = record

    def of(self, row: RowMapping) -> Flaw:
        number, expected = int(row["id"]), self._good.last_id + 1
        if not row["digest"]:
            return Flaw("inserted", number, f"event {number} carries no digest: the healer did not write it")
        if self._record is not None and self._chain.holds(self._record) and self._record.head == self._good:
            return Flaw("inserted", number, f"event {number} was added after the end of the log, not by the healer")
        stands_at = self._where_is(expected)
        if stands_at == number:
            return Flaw("reordered", expected, f"event {expected} was renumbered and stands at {number}")
        if stands_at is not None:
            if self._comes_from(row, stands_at):
                return Flaw("reordered", expected, f"event {expected} stands at {stands_at}")
            return Flaw(
                "inserted", number, f"what stands at {number} is not the healer's; event {expected} follows later"
            )
        if number > expected:
            last = number - 1
            which = f"event {expected} is" if last == expected else f"events {expected} to {last} are"
            return Flaw("missing", expected, f"{which} missing")
        if not self._good.count and not (self._record is not None and self._chain.holds(self._record)):
            return Flaw("changed", number, f"event {number} was changed, or HEALER_AUDIT_KEY is another one")
        return Flaw("changed", number, f"event {number} was changed")

    def _where_is(self, expected: int) -> int | None:
        """Where the event stands that the digests say comes next."""
        for row in self._connection.execution_options(yield_per=ROWS_AT_ONCE).execute(STORED).mappings():
            if _fits(self._chain, self._good.digest, row, expected):
                return int(row["id"])
        return None

    def _comes_from(self, row: RowMapping, place: int) -> bool:
        """Whether this is the event that the log had at `place`: the two were swapped."""
        before = place if place - 1 == row["id"] else place - 1
        known = self._connection.execute(_ENDS.where(tables.events.c.id == before)).first()
        return known is not None and _fits(self._chain, known[1], row, place)
