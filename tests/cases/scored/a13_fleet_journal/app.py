"""Positions of the service vans, with the journal the insurer asks for."""
import json
import os
import tempfile
from collections import deque
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel, Field

app = FastAPI(title="van positions")
api = APIRouter(prefix="/vans")

KEEP = 500


class Position(BaseModel):
    at: datetime
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    km: int = Field(ge=0)


class Journal:
    """Append-only file, one JSON document per line.

    The contract with the insurer: whatever we confirmed to a van is in the journal. So a position is written
    out before it is answered, and one that is not in the journal is not taken over.
    """

    def __init__(self, path: Path):
        self.path = path
        self.written = 0

    def append(self, kind: str, document: dict) -> int:
        line = json.dumps({"kind": kind, **document}, default=str, separators=(",", ":"))
        with open(self.path, "a", encoding="utf-8") as out:
            out.write(line + "\n")
            out.flush()
            os.fsync(out.fileno())
        self.written += 1
        return self.written


def journal_path() -> Path:
    given = os.environ.get("VAN_JOURNAL")
    return Path(given) if given else Path(tempfile.mkdtemp(prefix="vans-")) / "journal.ndjson"


journal = Journal(journal_path())
VANS: dict[str, deque] = {name: deque(maxlen=KEEP) for name in ("kastor", "pollux", "vega")}


def van(name: str) -> deque:
    if name not in VANS:
        raise HTTPException(404, "no such van")
    return VANS[name]


@api.post("/{name}/positions", status_code=201)
def report(name: str, body: Position):
    """Positions arrive in order; the odometer never runs backwards."""
    track = van(name)
    if track and body.at <= track[-1].at:
        raise HTTPException(409, "older than the last position")
    if track and body.km < track[-1].km:
        raise HTTPException(409, "odometer runs backwards")
    entry = journal.append("position", {"van": name, **body.model_dump()})
    track.append(body)
    return {"van": name, "entry": entry}


@api.get("")
def overview():
    return [{"van": name, "positions": len(track), "km": track[-1].km if track else None} for name, track in VANS.items()]


@api.get("/{name}/last")
def last(name: str):
    track = van(name)
    if not track:
        raise HTTPException(404, "no position yet")
    return track[-1]


@api.get("/{name}/distance")
def distance(name: str):
    track = van(name)
    return {"van": name, "km": track[-1].km - track[0].km if track else 0}


app.include_router(api)


@app.get("/journal")
def journal_state():
    return {"entries": journal.written}
