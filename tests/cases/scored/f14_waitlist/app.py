"""Waiting lists for walk-in guests. Times are minutes since opening, as the till sends them."""
from itertools import count

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_ids = count(1)


class WaitingList:
    def __init__(self):
        self.waiting = {}  # id -> entry, in order of arrival
        self.waits = []  # minutes the guests who were seated had waited

    def average_wait(self):
        """Minutes per guest so far; None as long as nobody has been seated."""
        if not self.waits:
            return None
        return sum(self.waits) / len(self.waits)

    def ahead_of(self, entry_id):
        return list(self.waiting).index(entry_id)


LISTS = {"terrace": WaitingList(), "hall": WaitingList()}


async def on_error(request, exc):
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


def list_of(request):
    name = request.path_params["name"]
    if name not in LISTS:
        raise HTTPException(404, "no such list")
    return LISTS[name]


def entry_of(request, waiting_list):
    entry_id = request.path_params["entry_id"]
    if entry_id not in waiting_list.waiting:
        raise HTTPException(404, "not on the list")
    return waiting_list.waiting[entry_id]


async def body_of(request):
    try:
        data = await request.json()
    except ValueError:
        raise HTTPException(400, "body must be JSON")
    if not isinstance(data, dict):
        raise HTTPException(400, "body must be an object")
    return data


def minute_in(data):
    at = data.get("at")
    if isinstance(at, bool) or not isinstance(at, int) or at < 0:
        raise HTTPException(400, "at must be minutes since opening")
    return at


class Overview(HTTPEndpoint):
    async def get(self, request):
        wl = list_of(request)
        average = wl.average_wait()
        return JSONResponse(
            {
                "waiting": [e["guest"] for e in wl.waiting.values()],
                "seated": len(wl.waits),
                "average": None if average is None else round(average),
            }
        )

    async def post(self, request):
        wl = list_of(request)
        data = await body_of(request)
        if not isinstance(data.get("guest"), str) or not data["guest"]:
            raise HTTPException(400, "guest is missing")
        entry = {"id": next(_ids), "guest": data["guest"], "at": minute_in(data)}
        wl.waiting[entry["id"]] = entry
        return JSONResponse(entry, status_code=201)


class Entry(HTTPEndpoint):
    async def get(self, request):
        """Place in the queue and the likely wait in minutes, which is null while there is no experience to go by."""
        wl = list_of(request)
        entry = entry_of(request, wl)
        ahead = wl.ahead_of(entry["id"])
        expected = wl.average_wait() * (ahead + 1)
        return JSONResponse({"guest": entry["guest"], "ahead": ahead, "expected": round(expected)})

    async def delete(self, request):
        wl = list_of(request)
        del wl.waiting[entry_of(request, wl)["id"]]
        return Response(status_code=204)


async def seat(request):
    """Somebody gets a table."""
    wl = list_of(request)
    entry = entry_of(request, wl)
    at = minute_in(await body_of(request))
    if at < entry["at"]:
        raise HTTPException(409, "seated before arrival")
    del wl.waiting[entry["id"]]
    wl.waits.append(at - entry["at"])
    return JSONResponse({"guest": entry["guest"], "waited": at - entry["at"]})


app = Starlette(
    routes=[
        Route("/lists/{name}", Overview),
        Route("/lists/{name}/{entry_id:int}", Entry),
        Route("/lists/{name}/{entry_id:int}/seat", seat, methods=["POST"]),
    ],
    exception_handlers={HTTPException: on_error},
)
