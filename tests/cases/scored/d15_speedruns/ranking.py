"""Who was fastest. Equal times: fewer deaths first, then whoever ran it earlier."""
from runs import Run, of_level, of_player


def fastest(runs: list[Run]) -> Run:
    return min(runs, key=lambda r: (r.finish.ms, r.finish.deaths, r.id))


def personal_bests(player: str) -> dict[str, int]:
    """Level -> milliseconds, for the levels the player has finished."""
    done: dict[str, list[Run]] = {}
    for run in of_player(player):
        if run.finish:
            done.setdefault(run.level, []).append(run)
    return {level: fastest(runs).finish.ms for level, runs in done.items()}


def board(level: str) -> list[dict]:
    """Everybody's fastest run, with the number of times they started the level."""
    by_player: dict[str, list[Run]] = {}
    for run in of_level(level):
        by_player.setdefault(run.player, []).append(run)
    best = [(fastest(runs), len(runs)) for runs in by_player.values()]
    best.sort(key=lambda pair: (pair[0].finish.ms, pair[0].finish.deaths, pair[0].id))
    return [
        {"rank": rank, "player": run.player, "ms": run.finish.ms, "deaths": run.finish.deaths, "starts": starts}
        for rank, (run, starts) in enumerate(best, 1)
    ]
