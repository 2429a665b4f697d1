"""Carries reports to the healer from a thread of its own: bounded, counted exactly, patient while the healer is away.

It never blocks the caller and never raises; it does not look into reports.

The first occurrence of a crash goes out at once. Further ones within the quiet time after it are only counted; the
first of them is kept and goes out when the time is over, with the number of the others as `suppressed`. A crash
that waits for the healer to come back is counted in the same way. The sum of all reports and their `suppressed` is
the number of crashes.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from selfheal.post import Outcome, post
from selfheal.settings import Dsn
from selfheal.spool import Spool

log = logging.getLogger("selfheal")

_QUIET = 10.0  # seconds
_MAX_WAITING = 1000
_MAX_BYTES = 16_000_000
_MAX_TRIES = 6  # of a report that the healer cannot digest (5xx); one that cannot be delivered is kept
_LONGEST_WAIT = 60.0


class Entry:
    __slots__ = ("body", "key", "report_id", "suppressed", "tries", "write")

    def __init__(
        self, key: object, report_id: str, write: Callable[[], bytes] | None, body: bytes = b"", suppressed: int = 0
    ) -> None:
        self.key = key
        self.report_id = report_id
        self.write = write
        self.body = body
        self.suppressed = suppressed
        self.tries = 0

    def document(self) -> bytes:
        return self.body + b',"suppressed":%d}' % self.suppressed


class Quiet:
    """The time after a report went out; `kept` is the first occurrence within it."""

    __slots__ = ("kept", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.kept: Entry | None = None


class Delivery:
    def __init__(
        self,
        find: Callable[[], Dsn | None],
        *,
        spool: str | None = None,
        quiet: float = _QUIET,
        first_wait: float = 0.5,
        timeout: float = 5.0,
    ) -> None:
        self._find = find
        self._quiet_seconds = quiet
        self._first_wait = first_wait
        self._timeout = timeout
        self._spool = Spool(spool) if spool else None
        self.forget()
        if self._spool and self._spool.waiting():
            self._start()

    def forget(self) -> None:
        """Starts anew; in the child of a fork, where what is waiting belongs to the parent and its thread is not
        there."""
        self._wake = threading.Condition()  # re-entrant: a signal handler may report while its thread is in here
        self._waiting: OrderedDict[object, Entry] = OrderedDict()
        self._quiet: OrderedDict[object, Quiet] = OrderedDict()
        self._sending: Entry | None = None
        self._thread: threading.Thread | None = None
        self._retry_at = 0.0
        self._failures = self._rounds = 0  # in a row; of all time
        self._bytes = 0
        self._hurried = 0  # flushes going on: quiet times do not count
        self._closed = False
        self.lost = 0  # reports dropped because a bound was reached or the healer refused them
        if self._spool:
            self._spool.forget()

    def count(self, key: object) -> bool:
        """Counts an occurrence that needs no report of its own; False where it does."""
        with self._wake:
            entry = self._known(key)
            if entry is None:
                return False
            entry.suppressed += 1
            return True

    def _known(self, key: object) -> Entry | None:
        quiet = self._quiet.get(key)
        return self._waiting.get(key) or (quiet.kept if quiet else None)

    def submit(self, key: object, report_id: str, write: Callable[[], bytes]) -> None:
        """`write` makes the report, later, on the delivery's thread."""
        with self._wake:
            if self._closed or self.count(key):
                return
            entry = Entry(key, report_id, write)
            quiet = self._quiet.get(key)
            if quiet is not None and quiet.until > time.monotonic():
                quiet.kept = entry
            elif len(self._waiting) < _MAX_WAITING:
                self._waiting[key] = entry
            else:
                self._lose("too many different crashes wait for delivery")
            self._start()
            self._wake.notify_all()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="selfheal-delivery", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # the interpreter is going down, or there are no more threads
                self._thread = None

    def flush(self, timeout: float, *, patient: bool = True) -> bool:
        """Delivers what waits, quiet or not. Not `patient`: gives up at the first failure."""
        end = time.monotonic() + timeout
        with self._wake:
            if self._idle():
                return True
            self._start()
            rounds, self._retry_at, self._hurried = self._rounds, 0.0, self._hurried + 1
            self._wake.notify_all()
            try:
                while not self._idle():
                    left = end - time.monotonic()
                    if left <= 0 or self._thread is None or (not patient and self._rounds > rounds):
                        break
                    self._wake.wait(min(left, 0.5))
                return self._idle()
            finally:
                self._hurried -= 1

    def close(self, timeout: float) -> None:
        """The last flush. What cannot be delivered goes to the spool, where there is one."""
        self.flush(timeout, patient=False)
        with self._wake:
            self._closed = True
            self._wake.notify_all()
            entries = [*self._waiting.values(), *(quiet.kept for quiet in self._quiet.values() if quiet.kept)]
            if self._sending:
                entries.append(self._sending)
        for entry in entries if self._spool else ():
            if entry.body or self._write(entry):
                self._save(entry)

    def _idle(self) -> bool:
        return not self._waiting and self._sending is None and not any(quiet.kept for quiet in self._quiet.values())

    def _run(self) -> None:
        wake = self._wake
        while not self._closed and wake is self._wake:
            try:
                entry = self._next()
                if entry is not None:
                    self._deliver(entry)
            except Exception:
                log.debug("the delivery of a report failed", exc_info=True)
                time.sleep(0.1)

    def _next(self) -> Entry | None:
        """The next report to write or to send, taken from the queue; waits for one."""
        with self._wake:
            now = time.monotonic()
            self._end_quiet(now)
            unwritten = next((entry for entry in self._waiting.values() if entry.write), None)
            if unwritten is None and not self._waiting and self._spool and not self._closed:
                for report_id, body in self._spool.load():
                    self._waiting[report_id] = Entry(report_id, report_id, None, *_parted(body))
            if unwritten is None and (not self._waiting or self._retry_at > now):
                ends = [quiet.until for quiet in self._quiet.values() if quiet.kept]
                ends += [self._retry_at] if self._waiting else []
                self._wake.wait(max(0.0, min(ends) - now) if ends else None)
                return None
            entry = unwritten or next(iter(self._waiting.values()))
            if not entry.write:
                del self._waiting[entry.key]
                self._sending = entry
                self._quiet[entry.key] = Quiet(now + self._quiet_seconds)
            return entry

    def _end_quiet(self, now: float) -> None:
        for key, quiet in list(self._quiet.items()):
            if quiet.kept and (quiet.until <= now or self._hurried):
                self._waiting.setdefault(key, quiet.kept)
                del self._quiet[key]
            elif quiet.until <= now:
                del self._quiet[key]

    def _deliver(self, entry: Entry) -> None:
        if entry.write:
            if not self._write(entry):
                with self._wake:
                    self._waiting.pop(entry.key, None)
                    self._wake.notify_all()
            return
        try:
            dsn = self._find()
            outcome = post(dsn, entry.document(), self._timeout) if dsn else Outcome("absent")
        except Exception as error:
            outcome = Outcome("undigested", type(error).__name__)
        with self._wake:
            self._sending = None
            if outcome.kind == "taken":
                self._settle(entry)
                if self._failures:
                    log.info("the healer is reachable again")
                self._failures = 0
            elif outcome.kind == "refused" or (outcome.kind == "undigested" and entry.tries + 1 >= _MAX_TRIES):
                self._settle(entry)
                self._lose(outcome.reason, entry.suppressed + 1)
            else:
                self._put_back(entry, outcome)
            self._wake.notify_all()

    def _write(self, entry: Entry) -> bool:
        write, entry.write = entry.write, None
        try:
            entry.body = write() if write else entry.body
        except Exception:
            log.debug("a report could not be written", exc_info=True)
            self.lost += entry.suppressed + 1
            return False
        self._bytes += len(entry.body)
        if self._bytes > _MAX_BYTES:
            self._bytes -= len(entry.body)
            if not self._save(entry):
                self._lose("undelivered reports take too much memory", entry.suppressed + 1)
            return False
        return True

    def _put_back(self, entry: Entry, outcome: Outcome) -> None:
        """To the front, as it is the oldest; to the end where the healer could not digest it and may take others."""
        quiet = self._quiet.pop(entry.key, None)
        if quiet and quiet.kept:  # happened again meanwhile
            entry.suppressed += quiet.kept.suppressed + 1
        self._waiting[entry.key] = entry
        self._waiting.move_to_end(entry.key, last=outcome.kind == "undigested")
        entry.tries += outcome.kind == "undigested"
        if self._failures == 0:
            log.warning(
                "reports cannot be delivered (%s); they are kept and sent later", outcome.reason or "no DSN yet"
            )
        self._failures += 1
        self._rounds += 1
        wait = min(_LONGEST_WAIT, self._first_wait * 2 ** min(self._failures - 1, 10)) * random.uniform(0.8, 1.2)  # noqa: S311
        self._retry_at = time.monotonic() + (outcome.wait if outcome.wait is not None else wait)
        self._save(entry)

    def _save(self, entry: Entry) -> bool:
        return bool(self._spool and entry.body and self._spool.save(entry.report_id, entry.document()))

    def _settle(self, entry: Entry) -> None:
        self._bytes -= len(entry.body)
        if self._spool:
            self._spool.remove(entry.report_id)

    def _lose(self, reason: str, number: int = 1) -> None:
        if not self.lost:
            log.warning("a report is dropped: %s (said once)", reason)
        self.lost += number


def _parted(document: bytes) -> tuple[bytes, int]:
    """The body and the count of a document from the spool."""
    body, _, count = document.rpartition(b',"suppressed":')
    return body, int(count.rstrip(b"}"))
