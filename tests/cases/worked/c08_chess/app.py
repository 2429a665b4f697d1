"""Club tournaments: players, results, tables."""
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

import tables
from people import REGISTER, Unknown
from results import RESULTS, TOURNAMENTS, record


def player_view(player):
    club = REGISTER.club_of(player)
    return {"id": player.id, "name": player.name, "rating": player.rating, "club": club.name if club else "unattached"}


def tournament_or_404(request):
    key = request.path_params["key"]
    if key not in TOURNAMENTS:
        raise HTTPException(404, "no such tournament")
    return key


async def body(request):
    try:
        data = await request.json()
    except ValueError:
        raise HTTPException(400, "body is not JSON")
    if not isinstance(data, dict):
        raise HTTPException(400, "body must be an object")
    return data


async def players(request):
    return JSONResponse([player_view(p) for p in REGISTER.players()])


async def move(request):
    """Join a club, or leave the club for none with {"club": null}."""
    player = REGISTER.player(request.path_params["id"])
    data = await body(request)
    if "club" not in data:
        raise HTTPException(400, "club is missing")
    if data["club"] is not None:
        REGISTER.club(data["club"])
    player.club_id = data["club"]
    return JSONResponse(player_view(player))


async def add_result(request):
    key = tournament_or_404(request)
    data = await body(request)
    white, black = REGISTER.player(data.get("white")), REGISTER.player(data.get("black"))
    if white is black:
        raise HTTPException(400, "nobody plays themselves")
    if data.get("result") not in ("1-0", "0-1", "draw"):
        raise HTTPException(400, "result must be 1-0, 0-1 or draw")
    record(key, white.id, black.id, data["result"])
    return JSONResponse({"games": len(RESULTS[key])}, status_code=201)


async def standings(request):
    key = tournament_or_404(request)
    return JSONResponse([{**player_view(REGISTER.player(i)), "points": p} for i, p in tables.standings(RESULTS[key])])


async def club_table(request):
    """Clubs with the points their members made. Only clubs: who has none plays for nobody."""
    return JSONResponse(tables.club_table(RESULTS[tournament_or_404(request)]))


async def on_unknown(request, exc):
    return JSONResponse({"error": str(exc)}, status_code=404)


async def on_http(request, exc):
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


app = Starlette(
    routes=[
        Route("/players", players),
        Route("/players/{id}/club", move, methods=["PUT"]),
        Route("/tournaments/{key}/results", add_result, methods=["POST"]),
        Route("/tournaments/{key}/standings", standings),
        Route("/tournaments/{key}/clubs", club_table),
    ],
    exception_handlers={Unknown: on_unknown, HTTPException: on_http},
)
