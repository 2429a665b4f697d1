"""Runs and where they are kept."""
from dataclasses import dataclass
from itertools import count

LEVELS = {"caves": 3, "harbour": 5, "citadel": 8}  # checkpoints


@dataclass
class Finish:
    ms: int
    deaths: int


@dataclass
class Run:
    id: int
    player: str
    level: str
    checkpoint: int = 0
    finish: Finish | None = None


RUNS: dict[int, Run] = {}
_ids = count(1)


def start(player: str, level: str) -> Run:
    run = Run(next(_ids), player, level)
    RUNS[run.id] = run
    return run


def of_level(level: str) -> list[Run]:
    return [r for r in RUNS.values() if r.level == level]


def of_player(player: str) -> list[Run]:
    return [r for r in RUNS.values() if r.player == player]
