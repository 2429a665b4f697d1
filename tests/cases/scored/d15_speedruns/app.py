"""Speedruns: a run is started, passes checkpoints and, if all goes well, is finished."""
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

import ranking
import runs

app = FastAPI(title="speedruns")


class Start(BaseModel):
    player: str = Field(min_length=2, max_length=20)
    level: str


class Checkpoint(BaseModel):
    number: int = Field(ge=1)


class FinishIn(BaseModel):
    ms: int = Field(ge=1)
    deaths: int = Field(0, ge=0)


def level_or_404(level: str) -> str:
    if level not in runs.LEVELS:
        raise HTTPException(404, "no such level")
    return level


def running(number: int) -> runs.Run:
    run = runs.RUNS.get(number)
    if run is None:
        raise HTTPException(404, "no such run")
    if run.finish is not None:
        raise HTTPException(409, "the run is over")
    return run


def view(run: runs.Run) -> dict:
    return {
        "id": run.id,
        "player": run.player,
        "level": run.level,
        "checkpoint": run.checkpoint,
        "ms": run.finish.ms if run.finish else None,
    }


@app.post("/runs", status_code=201)
def start(body: Start):
    return view(runs.start(body.player, level_or_404(body.level)))


@app.post("/runs/{number}/checkpoint")
def checkpoint(number: int, body: Checkpoint):
    """Checkpoints come in order."""
    run = running(number)
    if body.number != run.checkpoint + 1 or body.number > runs.LEVELS[run.level]:
        raise HTTPException(409, f"the run is at checkpoint {run.checkpoint}")
    run.checkpoint = body.number
    return view(run)


@app.post("/runs/{number}/finish")
def finish(number: int, body: FinishIn):
    run = running(number)
    if run.checkpoint < runs.LEVELS[run.level]:
        raise HTTPException(409, "checkpoints are missing")
    run.finish = runs.Finish(body.ms, body.deaths)
    return view(run)


@app.get("/levels/{level}/board")
def board(level: str):
    return ranking.board(level_or_404(level))


@app.get("/players/{player}")
def player(player: str):
    theirs = runs.of_player(player)
    if not theirs:
        raise HTTPException(404, "no such player")
    return {"player": player, "runs": [view(r) for r in theirs], "bests": ranking.personal_bests(player)}
