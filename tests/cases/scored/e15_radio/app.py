"""Radio playlists: what ran, what runs, and the text for the displays of car radios."""
from dataclasses import asdict, dataclass, field
from typing import Optional

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

app = FastAPI(title="playlists")

DISPLAY = 64


@dataclass
class Track:
    artist: str
    title: str
    start: int
    seconds: int

    def running(self, at: int) -> bool:
        return self.start <= at < self.start + self.seconds


@dataclass
class Station:
    code: str
    name: str
    tracks: list[Track] = field(default_factory=list)

    def current(self, at: int) -> Optional[Track]:
        """The track on air, None during news, talk and advertising."""
        return next((t for t in reversed(self.tracks) if t.running(at)), None)

    def previous(self, at: int) -> Optional[Track]:
        over = [t for t in self.tracks if t.start + t.seconds <= at]
        return over[-1] if over else None


STATIONS = {s.code: s for s in (Station("fjord", "Radio Fjord"), Station("nacht", "Nachtwelle"))}


class Play(BaseModel):
    artist: str = Field(min_length=1)
    title: str = Field(min_length=1)
    start: int = Field(ge=0, description="second of the day")
    seconds: int = Field(ge=1, le=3600)


def station(code: str) -> Station:
    if code not in STATIONS:
        raise HTTPException(404, "no such station")
    return STATIONS[code]


def display_text(track: Track) -> str:
    text = f"{track.artist} - {track.title}"
    return text if len(text) <= DISPLAY else text[: DISPLAY - 3] + "..."


@app.post("/stations/{code}/plays", status_code=201)
async def play(body: Play, on: Station = Depends(station)):
    if on.tracks and body.start < on.tracks[-1].start:
        raise HTTPException(409, "plays must come in order")
    on.tracks.append(Track(**body.model_dump()))
    return {"plays": len(on.tracks)}


@app.get("/stations/{code}/now")
async def now(at: int, on: Station = Depends(station)):
    track, before = on.current(at), on.previous(at)
    return {"station": on.name, "track": asdict(track) if track else None, "before": display_text(before) if before else None}


@app.get("/stations/{code}/display", response_class=PlainTextResponse)
async def display(at: int, on: Station = Depends(station)):
    """One line for the radio's display. While no track is on air it shows the station's name."""
    return display_text(on.current(at))


@app.get("/stations/{code}/history")
async def history(since: int = 0, on: Station = Depends(station)):
    return [display_text(t) for t in on.tracks if t.start >= since]


@app.get("/artists/{artist}")
async def artist(artist: str):
    """How often each station has played an artist."""
    name = artist.casefold()
    return {s.code: sum(t.artist.casefold() == name for t in s.tracks) for s in STATIONS.values()}
