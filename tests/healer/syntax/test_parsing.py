"""Two heals may read source at the same time, which CPython 3.11 itself cannot."""

from __future__ import annotations

import gc
import inspect
import threading
import time

from healer.stages import answer
from healer.syntax.parsing import literal, parse

SOURCE = inspect.getsource(answer)


class Slow:
    """Its end lets another thread run, in the middle of whatever the collector interrupts."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(0)


def test_threads_do_not_disturb_each_other() -> None:
    failed: list[BaseException] = []

    def work(depth: int) -> None:
        if depth:
            work(depth - 1)
            return
        for _ in range(10):
            kept = [Slow() for _ in range(20)]
            try:
                parse(SOURCE)
            except SystemError as error:
                failed.append(error)
            del kept

    before = gc.get_threshold()
    gc.set_threshold(200)
    try:
        threads = [threading.Thread(target=work, args=(depth * 10,)) for depth in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*before)
    assert failed == []


def test_a_literal_is_read_as_python_writes_it() -> None:
    assert literal(" {'a': [1, None]}") == {"a": [1, None]}
