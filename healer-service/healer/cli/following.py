"""Follows the event stream in a thread: what comes is in a queue, and what was missed is caught up with by id."""

from __future__ import annotations

import queue
import random
import threading
from dataclasses import dataclass, field
from typing import Any

from healer.cli.client import Client
from healer.model import BadInput, HealerError

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True)
class News:
    """Exactly one of them: an event, or what became of the connection."""

    event: dict[str, Any] = field(default_factory=dict)
    lost: str = ""  # why
    back: bool = False
    refused: HealerError | None = None  # nothing comes after it


class Following:
    """`after`: the id of the last event that is known already."""

    def __init__(self, client: Client, after: int, *, again: bool = True) -> None:
        """Without `again` the end of the stream is the end."""
        self._client = client
        self._after = after
        self._again = again
        self._news: queue.Queue[News] = queue.Queue()
        self._stopped = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def next(self, seconds: float) -> News | None:
        """None when nothing came in that time. Raises what the healer refused the stream with."""
        try:
            news = self._news.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            return None
        if news.refused is not None:
            raise news.refused
        return news

    def stop(self) -> None:
        self._stopped.set()

    def _read(self) -> None:
        pause, lost = FIRST_PAUSE_SECONDS, False
        while not self._stopped.is_set():
            problem = "the healer closed the stream of events"
            try:
                for event in self._client.events(self._after):
                    if lost:
                        self._news.put(News(back=True))
                    pause, lost = FIRST_PAUSE_SECONDS, False
                    if event is not None and event["id"] > self._after:
                        self._after = event["id"]
                        self._news.put(News(event))
            except BadInput as error:
                self._news.put(News(refused=error))
                return
            except HealerError as error:
                problem = str(error)
            if not self._again:
                self._news.put(News(lost=problem))
                return
            if not lost:
                self._news.put(News(lost=problem))
            lost = True
            self._stopped.wait(pause * random.uniform(0.8, 1.2))  # noqa: S311 - it only spreads the load
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
