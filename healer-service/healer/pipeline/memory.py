"""What one stage measured and a later one needs again. After a restart things are measured anew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

REMEMBERED = 96  # a heal with ten candidates keeps about forty


class Memory:
    """Results that later stages need again, kept while the process lives; without them they are measured anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = ThreadPoolExecutor(4, thread_name_prefix="ahead")
        self._measured: OrderedDict[str, Future[Any]] = OrderedDict()

    def ahead(self, work: Callable[[], object]) -> None:
        """Do something in the background whose result `once` keeps; a failure shows again where it is needed."""
        self._ahead.submit(work)

    def forget(self, key: str) -> None:
        with self._lock:
            self._measured.pop(key, None)

    def once(self, key: str, measure: Callable[[], T]) -> T:
        """What `measure` gave for this key. Who comes while it is being measured waits for the one result."""
        with self._lock:
            known = self._measured.get(key)
            if known is None:
                mine: Future[T] = Future()
                self._measured[key] = mine
                while len(self._measured) > REMEMBERED:
                    self._measured.popitem(last=False)
        if known is not None:
            result: T = known.result()
            return result
        try:
            mine.set_result(measure())
        except BaseException as error:
            with self._lock:
                self._measured.pop(key, None)
            mine.set_exception(error)
            raise
        return mine.result()
