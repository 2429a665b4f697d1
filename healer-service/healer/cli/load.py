"""A steady load of harmless requests beside the demo: what users would have noticed of the change-over."""

from __future__ import annotations

import threading
import time

import httpx

PAUSE_SECONDS = 0.04


class Load:
    """Two threads, one on a connection kept open, one that opens a new one each time."""

    def __init__(self, url: str, paths: tuple[str, ...]) -> None:
        self._url = url
        self._paths = paths
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(keep,), daemon=True) for keep in (True, False)]
        self._lock = threading.Lock()
        self.answered = 0
        self.failures: list[str] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _run(self, keep_alive: bool) -> None:
        headers = {} if keep_alive else {"connection": "close"}
        with httpx.Client(base_url=self._url, headers=headers, timeout=10, trust_env=False) as client:
            number = 0
            while not self._ended.is_set():
                path = self._paths[number % len(self._paths)]
                number += 1
                self._send(client, path)
                time.sleep(PAUSE_SECONDS)

    def _send(self, client: httpx.Client, path: str) -> None:
        try:
            answer = client.get(path)
            failure = f"{path}: {answer.status_code}" if answer.is_error else ""
        except httpx.HTTPError as error:
            failure = f"{path}: {error!r}"
        with self._lock:
            self.answered += 1
            if failure:
                self.failures.append(failure)
