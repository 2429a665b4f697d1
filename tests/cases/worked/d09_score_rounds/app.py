"""Leaderboards of an arcade tournament. A result is the points of the rounds that were played; the best round counts."""
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

app = FastAPI(title="tournament")
solo = APIRouter(prefix="/solo")
teams = APIRouter(prefix="/teams")

GAMES = {"pinball": 5, "asteroids": 3, "snake": 10}  # rounds at most
Points = Annotated[int, Field(ge=0, le=9_999_999)]


class SoloResult(BaseModel):
    player: str = Field(min_length=1, max_length=24)
    rounds: list[Points]
    comment: str = ""


class TeamResult(BaseModel):
    team: str = Field(min_length=1, max_length=24)
    players: list[str] = Field(min_length=2, max_length=4)
    rounds: list[Points] = Field(min_length=1)


class Board:
    """Best result of each competitor in one game."""

    def __init__(self):
        self.best: dict[str, int] = {}
        self.entries: dict[str, int] = {}

    def enter(self, who: str, rounds: list[int]) -> bool:
        """Counts the entry; True if it is a new best of theirs."""
        self.entries[who] = self.entries.get(who, 0) + 1
        top = max(rounds)
        if who in self.best and self.best[who] >= top:
            return False
        self.best[who] = top
        return True

    def standing(self) -> list[dict]:
        """Equal points share a rank."""
        rows = sorted(self.best.items(), key=lambda kv: (-kv[1], kv[0]))
        points = [p for _, p in rows]
        return [{"rank": points.index(p) + 1, "name": n, "points": p, "entries": self.entries[n]} for n, p in rows]


SOLO: dict[str, Board] = {}
TEAMS: dict[str, Board] = {}


def reset() -> None:
    for shelf in (SOLO, TEAMS):
        shelf.clear()
        shelf.update({game: Board() for game in GAMES})


def known_game(game: str) -> str:
    if game not in GAMES:
        raise HTTPException(404, "no such game")
    return game


Game = Annotated[str, Depends(known_game)]


def check_rounds(game: str, rounds: list[int]) -> None:
    if len(rounds) > GAMES[game]:
        raise HTTPException(422, f"{game} has {GAMES[game]} rounds at most")


@solo.post("/{game}/results", status_code=201)
def solo_result(game: Game, body: SoloResult):
    check_rounds(game, body.rounds)
    new_best = SOLO[game].enter(body.player, body.rounds)
    return {"player": body.player, "new_best": new_best, "best": SOLO[game].best[body.player]}


@solo.get("/{game}")
def solo_board(game: Game, top: int = Query(10, ge=1, le=100)):
    return SOLO[game].standing()[:top]


@solo.delete("/{game}/{player}", status_code=204)
def disqualify(game: Game, player: str):
    if SOLO[game].best.pop(player, None) is None:
        raise HTTPException(404, "no such player")
    del SOLO[game].entries[player]


@teams.post("/{game}/results", status_code=201)
def team_result(game: Game, body: TeamResult):
    check_rounds(game, body.rounds)
    new_best = TEAMS[game].enter(body.team, body.rounds)
    return {"team": body.team, "new_best": new_best, "best": TEAMS[game].best[body.team]}


@teams.get("/{game}")
def team_board(game: Game):
    return TEAMS[game].standing()


@app.get("/games")
def games():
    return GAMES


reset()
app.include_router(solo)
app.include_router(teams)
