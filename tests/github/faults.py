"""What goes wrong, and when: drawn from a seed, so that a run can be had again.

It only decides; the server and the deliveries carry it out.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

REQUESTS = ("5xx", "reset-after", "reset-before", "422", "secondary", "primary", "slow")
DELIVERIES = ("lost", "duplicate", "reordered")


@dataclass(frozen=True)
class Faults:
    """`rate`: how many of a hundred, as a share. Git requests fail only with the kind "git" among them."""

    rate: float = 0.0
    kinds: tuple[str, ...] = ()
    wait: int = 1  # seconds that a limit lasts
    slow: float = 0.3  # seconds that a slow answer takes

    def __post_init__(self) -> None:
        unknown = set(self.kinds) - {*REQUESTS, *DELIVERIES, "git"}
        if unknown:
            raise ValueError(f"no such fault: {', '.join(sorted(unknown))}")


class Fate:
    """The seed's sequence: the n-th request, delivery or git request always meets the same. `met` counts the faults."""

    def __init__(self, seed: int) -> None:
        self.met: Counter[str] = Counter()
        self._seed = seed
        self._counts: dict[str, int] = {}

    def of_request(self, faults: Faults, writes: bool) -> str | None:
        kinds = [kind for kind in REQUESTS if kind in faults.kinds and (writes or kind != "422")]
        return self._drawn("request", faults, kinds)

    def of_delivery(self, faults: Faults) -> str | None:
        return self._drawn("delivery", faults, [kind for kind in DELIVERIES if kind in faults.kinds])

    def of_git(self, faults: Faults) -> str | None:
        kinds = ("5xx", "reset-before", "reset-after")
        return self._drawn("git", faults, [kind for kind in kinds if "git" in faults.kinds])

    def _drawn(self, stream: str, faults: Faults, kinds: list[str]) -> str | None:
        self._counts[stream] = self._counts.get(stream, 0) + 1
        drawn = random.Random(f"{self._seed}:{stream}:{self._counts[stream]}")
        if not kinds or drawn.random() >= faults.rate:
            return None
        kind = drawn.choice(kinds)
        self.met[f"{stream}: {kind}"] += 1
        return kind
