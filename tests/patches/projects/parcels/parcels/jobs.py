"""Work that no request waits for."""

import logging
import queue
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Worker:
    def __init__(self, size: int = 100) -> None:
        self.waiting: queue.Queue[tuple[Callable[..., None], tuple] | None] = queue.Queue(size)
        self.failed: list[str] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def add(self, job: Callable[..., None], *args: object) -> None:
        self.waiting.put_nowait((job, args))

    def stop(self) -> None:
        self.waiting.put(None)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            item = self.waiting.get()
            if item is None:
                return
            job, args = item
            try:
                job(*args)
            except (ValueError, KeyError, OSError) as error:
                log.error("job %s failed: %s", job.__name__, type(error).__name__)
                self.failed.append(job.__name__)

    def failure_rate(self, done: int) -> float:
        return len(self.failed) / done
