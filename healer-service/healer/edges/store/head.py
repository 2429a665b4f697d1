"""The file beside the database that says where the event log ended: a log cut off at its end is found by it.

It may lag behind the database and is never ahead of it. It judges no log; audit.py does.
"""

from __future__ import annotations

import json
import secrets
import threading
from pathlib import Path

import structlog
from sqlalchemy import select

from healer.edges.store import tables
from healer.edges.store.chain import Chain, Head, Record
from healer.edges.store.database import Database
from healer.edges.store.tail import read_record
from healer.model import BadInput

log = structlog.get_logger()

SECONDS = 1.0  # at least that long between two writes

_DIGEST = select(tables.events.c.digest)


def read_head(path: Path) -> Record | None:
    """None where there is no file. Raises BadInput when it cannot be read."""
    try:
        said = json.loads(path.read_bytes())
        return Record(Head(int(said["count"]), int(said["last_id"]), str(said["digest"])), str(said["seal"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: is no audit head: {error}") from None


class HeadFile:
    """Written by a thread of its own after commits. One that the log does not contain any more is left as it is: it is
    evidence.
    """

    def __init__(self, path: Path, database: Database, chain: Chain) -> None:
        self._path = path
        self._database = database
        self._chain = chain
        self._known: Record | None = None
        self._doubted = False
        self._due = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Call once the database has its chain."""
        if self._thread is not None:
            return
        try:
            self._known = read_head(self._path)
        except BadInput as error:
            self._doubt(str(error))
        if self._known is not None and not self._chain.holds(self._known):
            self._doubt(f"{self._path} has a wrong seal, or the key is another one")
        if self._known is None and not self._doubted:
            self._note_absence()
        self.save()
        self._thread = threading.Thread(target=self._run, name="audit-head", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        self._due.set()

    def stop(self) -> None:
        if self._thread is None:
            return
        self._ended.set()
        self._due.set()
        self._thread.join()
        self._thread = None
        self.save()

    def save(self) -> None:
        if self._doubted:
            return
        try:
            record = self._end_of_log()
            if record is not None and record != self._known:
                self._write(record)
                self._known = record
        except Exception:  # a full disk or a database that is away passes, and the thread must be there then
            log.exception("audit head not written; trying again after the next event")

    def _run(self) -> None:
        while not self._ended.is_set():
            self._due.wait()
            self._due.clear()
            self.save()
            self._ended.wait(SECONDS)

    def _end_of_log(self) -> Record | None:
        """What to write; None when the log cannot be trusted to go on from what the file says."""
        with self._database.reading() as transaction:
            record = read_record(transaction.connection)
            if record is None or not self._chain.holds(record):
                self._doubt("the record in the table `chain` was changed, or the key is another one")
                return None
            if self._known is not None and self._known.head.last_id:
                kept = transaction.one(_DIGEST.where(tables.events.c.id == self._known.head.last_id))
                if kept is None or kept["digest"] != self._known.head.digest:
                    self._doubt(f"the log does not contain event {self._known.head.last_id} as the file names it")
                    return None
        return record

    def _note_absence(self) -> None:
        """A log that was chained before, and no file: from here on nobody can tell whether its end was cut off."""
        with self._database.writing() as transaction:
            record = read_record(transaction.connection, lock=True)
            # Nothing, or nothing but the note that older events were chained just now: this is the first start.
            began = transaction.one(_BEGAN) if record is not None else None
            if record is None or record.head.last_id == (began["id"] if began else 0):
                return
            payload = {"up_to": record.head.last_id, "reason": f"there was no file {self._path.name}"}
            transaction.append("audit.resumed", "audit", payload, trace_id="", ui_hint="control")

    def _doubt(self, reason: str) -> None:
        if not self._doubted:
            log.error("the event log was tampered with; run `healer audit verify`", reason=reason)
        self._doubted = True

    def _write(self, record: Record) -> None:
        said = {
            "count": record.head.count,
            "last_id": record.head.last_id,
            "digest": record.head.digest,
            "seal": record.seal,
        }
        # Not by the process's number, which in each of several containers is 1.
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_text(json.dumps(said) + "\n")
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)


_BEGAN = (
    select(tables.events.c.id).where(tables.events.c.type == "audit.began").order_by(tables.events.c.id.desc()).limit(1)
)
