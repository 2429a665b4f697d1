"""What users got from the last releases, added up over workers that serve and workers that have ended.

It keeps nothing over the supervisor's own end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .meter import Figures
from .process import WorkerProcess

KEPT = 4


class Ledger:
    """Sums by release, the one that began to serve last at the end."""

    def __init__(self) -> None:
        self._ended: dict[str, Figures] = {}

    def open(self, release: str) -> None:
        """A worker of this release begins to serve."""
        self._ended[release] = self._ended.pop(release, Figures())
        for oldest in list(self._ended)[:-KEPT]:
            del self._ended[oldest]

    def close(self, worker: WorkerProcess) -> None:
        """A worker is gone; what it told last is all there will be."""
        if worker.release in self._ended:
            self._ended[worker.release] += worker.figures

    def summary(self, running: Iterable[WorkerProcess]) -> Mapping[str, Mapping[str, object]]:
        sums = dict(self._ended)
        for worker in running:
            if worker.release in sums:
                sums[worker.release] += worker.figures
        return {release: figures.summary() for release, figures in sums.items()}
