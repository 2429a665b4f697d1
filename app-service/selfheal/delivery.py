"""Carries reports to the healer from a thread of its own: bounded, counted exactly, patient while the healer is away.

It never blocks the caller and never raises; it does not look into reports.

The first occurrence of a crash goes out at once. Further ones within the quiet time after it are only counted; the
first of them is kept and goes out when the time is over, with the number of the others as `suppressed`. A crash
that waits for the healer to come back is counted in the same way, until its report is sent for the first time: the
healer may take it without our hearing so, and what happens later goes with the next report. What had to be
dropped is told by the next report that goes out: `lost` has a number for each reason. The sum of all reports, their
`suppressed` and their `lost` is the number of crashes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import random
import threading
import time
import zlib
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from selfheal.post import Outcome, post
from selfheal.quiet import quietly
from selfheal.settings import Dsn
from selfheal.spool import Spool

log = logging.getLogger("selfheal")

_MAX_WAITING = 1200
_MAX_BYTES = 16_000_000  # compressed
_MAX_TRIES = 6  # of a report that the healer cannot digest (5xx); one that cannot be delivered is kept
_LONGEST_WAIT = 60.0


@dataclass(eq=False)
class Entry:
    key: object
    report_id: str
    write: Callable[[], bytes] | None = None  # until it was called
    body: bytes = b""  # compressed
    due: float = 0.0
    suppressed: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    tries: int = 0
    saved: bytes = b""  # its counts as they stand in the spool

    def counts(self) -> bytes:
        return b',"lost":%s,"suppressed":%d}' % (json.dumps(self.lost).encode(), self.suppressed)


class Delivery:
    def __init__(
        self,
        find: Callable[[], Dsn | None],
        *,
        spool: str | None = None,
        quiet: float = 10.0,
        first_wait: float = 0.5,
        timeout: float = 5.0,
    ) -> None:
        self._find, self._spool = find, Spool(spool) if spool else None
        self._quiet_seconds, self._first_wait, self._timeout = quiet, first_wait, timeout
        self.forget()
        self._unread = bool(self._spool and self._spool.waiting())  # the spool may hold reports of ended processes
        if self._unread:
            self._start()

    def forget(self) -> None:
        """Starts anew; in the child of a fork, where what is waiting belongs to the parent and its thread is not
        there."""
        # Whoever holds the lock neither reads, writes, sends nor logs: a thread that crashes while it logs would wait
        # for the lock while its holder waits for the log. It is re-entrant, and the queue is one that a signal handler
        # can use while its thread is using it.
        self._lock = threading.RLock()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._pen = threading.Lock()  # held while a report is being written
        self._drafts: deque[Entry] = deque()  # of the waiting ones, those to be written
        self._waiting: OrderedDict[object, Entry] = OrderedDict()
        self._quiet: OrderedDict[object, float] = OrderedDict()  # until when; those that end first come first
        self._sending: Entry | None = None
        self._thread = 0  # 0: not running; -1: starting
        self._retry_at = 0.0
        self._failures = 0  # in a row
        self._bytes = 0
        self._hurried: set[float] = set()  # the ends of flushes going on, for which quiet times do not count
        self._closed = self._unread = False
        self._untold: Counter[str] = Counter()
        self.lost = 0  # crashes dropped because a bound was reached or the healer refused them

    def count(self, key: object) -> bool:
        """Counts an occurrence that needs no report of its own; False where it does."""
        with self._lock:
            entry = self._waiting.get(key)
            if entry is not None:
                entry.suppressed += 1
            elif len(self._waiting) >= _MAX_WAITING:
                self.lose("full")
            else:
                return self._closed
            return True

    def submit(self, key: object, report_id: str, write: Callable[[], bytes]) -> None:
        """`write` makes the report, later, on the delivery's thread."""
        with self._lock:
            if self.count(key):
                return
            entry = self._waiting[key] = Entry(key, report_id, write, due=self._quiet.get(key, 0.0))
            self._drafts.append(entry)
            self._start()
            self._wake.put(None)

    def _start(self) -> None:
        if not self._thread:
            self._thread = -1
            try:
                threading.Thread(target=self._run, name="selfheal-delivery", daemon=True).start()
            except Exception:  # the interpreter is going down, or there are no more threads
                self._thread = 0

    def flush(self, timeout: float, *, patient: bool = True) -> bool:
        """Delivers what waits, quiet or not. Not `patient`: gives up at the first failure."""
        end = time.monotonic() + timeout
        with self._lock:
            if self._idle() or self._thread == threading.get_ident():
                return self._idle()
            self._start()
            self._retry_at = 0.0
            self._hurried.add(end)
            self._wake.put(None)
        try:
            while not self._idle() and time.monotonic() < end and self._thread and (patient or not self._retry_at):
                time.sleep(0.005)
            return self._idle()
        finally:
            self._hurried.discard(end)

    def close(self, timeout: float) -> None:
        """The last flush. What cannot be delivered goes to the spool, where there is one."""
        self.flush(timeout, patient=False)
        with self._lock:
            self._closed = True
            self._wake.put(None)
            entries = list(self._waiting.values())
            for entry in entries:
                self._tell(entry)
            entries += [self._sending] if self._sending else []
        if self._spool:
            for entry in entries:
                self._write(entry)
            self._save(entries)

    def _idle(self) -> bool:
        with self._lock:
            return not self._waiting and self._sending is None and not self._unread

    def _run(self) -> None:
        wake, self._thread = self._wake, threading.get_ident()
        while not self._closed and wake is self._wake:
            try:
                entry = self._next()
                if entry is not None:
                    self._deliver(entry)
            except Exception:
                quietly(log.debug, "the delivery of a report failed", exc_info=True)
                time.sleep(0.1)

    def _next(self) -> Entry | None:
        """The next report to send, taken from the queue; writes one or waits where there is none."""
        if self._drafts:
            self._write(self._drafts.popleft())
            return None
        with self._lock:
            now = time.monotonic()
            while self._quiet and (len(self._quiet) > _MAX_WAITING or next(iter(self._quiet.values())) <= now):
                self._quiet.popitem(last=False)
            held = self._retry_at > now
            entry = next((one for one in self._waiting.values() if one.due <= now or self._hurried), None)
            if entry is not None and entry.write is None and not held and not self._closed:
                self._sending = self._waiting.pop(entry.key)
                if entry.key != entry.report_id:
                    self._tell(entry)
                    self._quiet[entry.key] = now + self._quiet_seconds
                    self._quiet.move_to_end(entry.key)
                    entry.key = entry.report_id  # found by no count any more
                return entry
            ends = [self._retry_at] if held else [one.due for one in self._waiting.values()]
        if held or not self._loaded():
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=max(0.0, min(ends) - now) if ends else None)
        return None

    def _loaded(self) -> bool:
        """Whether the spool had something of a process that has ended."""
        known = {entry.report_id for entry in list(self._waiting.values())}
        files = self._spool.load(known) if self._spool else []
        for report_id, file in files:
            try:
                entry = _read(report_id, file)
            except (ValueError, LookupError, TypeError, zlib.error):
                self._unsave(Entry(report_id, report_id, saved=file))
                continue
            with self._lock:
                self._waiting[report_id] = entry
                self._bytes += len(entry.body)
        self._unread = bool(files)
        return self._unread

    def _write(self, entry: Entry) -> None:
        with self._pen:
            if entry.write is None:
                return
            body = b""
            try:
                body = _compressed(entry.write())
            except Exception:
                quietly(log.debug, "a report could not be written", exc_info=True)
            with self._lock:
                entry.write, entry.body = None, body
                if body and self._bytes + len(body) <= _MAX_BYTES:
                    self._bytes += len(body)
                    return
                self._waiting.pop(entry.key, None)
            if not body:
                self._drop(entry, "unwritten", "it could not be written")
            elif not self._save([entry]):
                self._drop(entry, "full", "undelivered reports take too much memory")

    def _deliver(self, entry: Entry) -> None:
        try:
            dsn = self._find()
            document = zlib.decompress(entry.body, 31) + entry.counts()
            outcome = post(dsn, document, self._timeout) if dsn else Outcome("absent", "no DSN yet")
        except Exception as error:
            outcome = Outcome("undigested", type(error).__name__)
        entry.tries += outcome.kind == "undigested"
        if outcome.kind == "taken":
            self._failures = 0
        elif outcome.kind == "refused" or entry.tries >= _MAX_TRIES:
            self._drop(entry, outcome.kind, outcome.reason)
        else:
            self._put_back(entry, outcome)
            return
        self._unsave(entry)
        with self._lock:
            self._bytes -= len(entry.body)
            self._sending = None

    def _put_back(self, entry: Entry, outcome: Outcome) -> None:
        """To the front, as it is the oldest; to the end where the healer could not digest it and may take others."""
        with self._lock:
            if self._closed:  # it is in the spool
                return
            entry.due = 0.0
            self._waiting[entry.key] = entry
            self._waiting.move_to_end(entry.key, last=outcome.kind == "undigested")
            self._sending = None
            self._failures += 1
            usual = self._first_wait * 2 ** min(self._failures - 1, 10) * random.uniform(0.8, 1.2)  # noqa: S311
            wait = min(_LONGEST_WAIT, usual) if outcome.wait is None else outcome.wait
            self._retry_at = time.monotonic() + wait
            unsaved = [one for one in self._waiting.values() if not one.saved]
        if self._failures == 1:
            told = "reports cannot be delivered (%s); up to %d different crashes are kept"
            quietly(log.warning, told, outcome.reason, _MAX_WAITING)
        self._save(unsaved)

    def _save(self, entries: Iterable[Entry]) -> bool:
        """Whether all of them are in the spool, with their counts; each is a file that zcat reads."""
        counted = [(one, counts) for one in entries if one.body and (counts := one.counts()) != one.saved]
        files = [(entry.report_id, entry.body + _compressed(counts)) for entry, counts in counted]
        saved = self._spool.save(files) if self._spool else set()
        for entry, counts in counted:
            entry.saved = counts if entry.report_id in saved else entry.saved
        return len(saved) == len(files)

    def _unsave(self, entry: Entry) -> None:
        if self._spool and entry.saved:
            self._spool.remove(entry.report_id)

    def _tell(self, entry: Entry) -> None:
        """The losses until now go with this report, if it was never sent before."""
        if entry.key != entry.report_id:
            entry.lost.update(self._untold)
            self._untold.clear()

    def _drop(self, entry: Entry, kind: str, reason: str) -> None:
        with self._lock:
            first = not self.lost
            self.lose(kind, 1 + entry.suppressed)
            self._untold.update(entry.lost)
        if first:
            quietly(log.warning, "a report is dropped: %s (said once)", reason)

    def lose(self, kind: str, number: int = 1) -> None:
        with self._lock:
            self.lost += number
            self._untold[kind] += number


def _compressed(text: bytes) -> bytes:
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    return pack.compress(text) + pack.flush()


def _read(report_id: str, file: bytes) -> Entry:
    """The entry that made the file."""
    unpack = zlib.decompressobj(31)
    unpack.decompress(file)
    counts = json.loads(b"{" + zlib.decompress(unpack.unused_data, 31)[1:])
    body, lost = file[: -len(unpack.unused_data)], Counter[str](counts["lost"])
    return Entry(report_id, report_id, body=body, suppressed=counts["suppressed"], lost=lost, saved=unpack.unused_data)
