"""Episode administration for a podcast host."""
import re
from datetime import date
from itertools import count
from typing import Optional

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

app = FastAPI(title="podcast host")

CLOCK = re.compile(r"(?:(\d{1,2}):)?([0-5]\d):([0-5]\d)")
CLOCK_PATTERN = "^" + CLOCK.pattern + "$"


class Problem(Exception):
    def __init__(self, status: int, problem: str):
        self.status, self.problem = status, problem


@app.exception_handler(Problem)
async def on_problem(request: Request, error: Problem):
    return JSONResponse({"problem": error.problem}, status_code=error.status)


@app.exception_handler(RequestValidationError)
async def on_invalid(request: Request, error: RequestValidationError):
    fields = sorted({str(e["loc"][-1]) for e in error.errors()})
    return JSONResponse({"problem": "invalid input", "fields": fields}, status_code=422)


class NewEpisode(BaseModel):
    title: str = Field(min_length=3, max_length=120)
    duration: str = Field(pattern=CLOCK_PATTERN)
    published: Optional[date] = None
    explicit: bool = False


class EpisodeChange(BaseModel):
    title: Optional[str] = Field(None, min_length=3, max_length=120)
    duration: Optional[str] = None
    published: Optional[date] = None
    explicit: Optional[bool] = None


SHOWS: dict[str, dict[int, dict]] = {"deep-sea": {}, "night-trains": {}}
_ids = count(1)


def show_of(slug: str) -> dict[int, dict]:
    if slug not in SHOWS:
        raise Problem(404, "no such show")
    return SHOWS[slug]


def episode_of(slug: str, number: int) -> dict:
    found = show_of(slug).get(number)
    if found is None:
        raise Problem(404, "no such episode")
    return found


def seconds(clock: str) -> int:
    hours, minutes, rest = CLOCK.fullmatch(clock).groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(rest)


def public(episode: dict) -> dict:
    return {**episode, "seconds": seconds(episode["duration"])}


@app.post("/shows/{slug}/episodes", status_code=201)
def create(slug: str, body: NewEpisode):
    episode = {"id": next(_ids), **body.model_dump()}
    show_of(slug)[episode["id"]] = episode
    return public(episode)


@app.get("/shows/{slug}/episodes/{number}")
def read(slug: str, number: int):
    return public(episode_of(slug, number))


@app.patch("/shows/{slug}/episodes/{number}")
def change(slug: str, number: int, body: EpisodeChange):
    """Only what is sent is changed; null leaves a field as it is."""
    episode = episode_of(slug, number)
    episode.update(body.model_dump(exclude_none=True))
    return public(episode)


@app.delete("/shows/{slug}/episodes/{number}", status_code=204)
def remove(slug: str, number: int):
    episode_of(slug, number)
    del SHOWS[slug][number]


@app.get("/shows/{slug}/feed")
def feed(slug: str):
    """What is published, newest first, with the running time of the whole show."""
    out = sorted((public(e) for e in show_of(slug).values() if e["published"]), key=lambda e: (e["published"], e["id"]), reverse=True)
    return {"show": slug, "seconds": sum(e["seconds"] for e in out), "episodes": out}
