"""Seat plans of a touring theatre: halls have layouts, shows are played in a hall."""
import re
from dataclasses import dataclass, field
from itertools import count

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

# seats per row
HALLS = {
    "studio": {"A": 4, "B": 6, "C": 6},
    "opera": {"A": 10, "B": 10, "C": 12, "D": 12},
}


@dataclass
class Show:
    id: int
    title: str
    hall: str
    rows: dict
    sold: dict = field(default_factory=dict)

    def seats(self):
        return [f"{row}{n}" for row, size in self.rows.items() for n in range(1, size + 1)]


SHOWS: dict[int, Show] = {}
_ids = count(1)


def split(seat):
    """'B12' -> ('B', 12)"""
    match = re.fullmatch(r"([A-Z])([1-9]\d?)", seat) if isinstance(seat, str) else None
    if match is None:
        raise HTTPException(400, "a seat looks like B12")
    return match[1], int(match[2])


def show_of(request):
    show = SHOWS.get(request.path_params["id"])
    if show is None:
        raise HTTPException(404, "no such show")
    return show


async def payload(request):
    try:
        data = await request.json()
    except ValueError:
        raise HTTPException(400, "body is not JSON")
    if not isinstance(data, dict):
        raise HTTPException(400, "body must be an object")
    return data


def summary(show):
    return {"id": show.id, "title": show.title, "hall": show.hall, "seats": len(show.seats()), "sold": len(show.sold)}


async def list_halls(request):
    return JSONResponse({name: sum(rows.values()) for name, rows in HALLS.items()})


async def create_show(request):
    data = await payload(request)
    title, hall = data.get("title"), data.get("hall")
    if not isinstance(title, str) or not title.strip():
        raise HTTPException(400, "title is missing")
    if not isinstance(hall, str) or hall not in HALLS:
        raise HTTPException(400, "unknown hall")
    show = Show(next(_ids), title.strip(), hall, HALLS[hall])
    SHOWS[show.id] = show
    return JSONResponse(summary(show), status_code=201)


async def list_shows(request):
    return JSONResponse([summary(s) for s in SHOWS.values()])


async def seat_map(request):
    """One line per row: x for sold, . for free."""
    show = show_of(request)
    lines = {row: ["."] * size for row, size in show.rows.items()}
    for seat in show.sold:
        row, n = split(seat)
        lines[row][n - 1] = "x"
    return JSONResponse({row: "".join(marks) for row, marks in lines.items()})


async def sell(request):
    show, data = show_of(request), await payload(request)
    row, n = split(data.get("seat"))
    if row not in show.rows or n > show.rows[row]:
        raise HTTPException(404, "no such seat")
    seat = f"{row}{n}"
    if seat in show.sold:
        raise HTTPException(409, "already sold")
    show.sold[seat] = str(data.get("buyer", ""))
    return JSONResponse({"seat": seat, "left": len(show.seats()) - len(show.sold)}, status_code=201)


async def shorten(request):
    """For this show the technicians need room: {"row": "C", "seats": 4}, 0 takes the row out. Sold seats stay (409)."""
    show, data = show_of(request), await payload(request)
    row, seats = data.get("row"), data.get("seats")
    if not isinstance(row, str) or row not in show.rows:
        raise HTTPException(404, "no such row")
    if isinstance(seats, bool) or not isinstance(seats, int) or not 0 <= seats <= show.rows[row]:
        raise HTTPException(400, "a row can only become shorter")
    if any(r == row and n > seats for r, n in map(split, show.sold)):
        raise HTTPException(409, "a seat of this row is sold")
    if seats:
        show.rows[row] = seats
    else:
        del show.rows[row]
    return JSONResponse(summary(show))


async def on_http(request, exc):
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


app = Starlette(
    routes=[
        Route("/halls", list_halls),
        Route("/shows", list_shows),
        Route("/shows", create_show, methods=["POST"]),
        Route("/shows/{id:int}/seats", seat_map),
        Route("/shows/{id:int}/seats", sell, methods=["POST"]),
        Route("/shows/{id:int}/rows", shorten, methods=["PATCH"]),
    ],
    exception_handlers={HTTPException: on_http},
)
