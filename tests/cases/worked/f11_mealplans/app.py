"""Meal plans for the canteens. Every change is written to the journal before it takes effect."""
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import journal

DISHES = {
    "lentils": {"name": "Lentil stew", "kcal": 520, "vegan": True},
    "gnocchi": {"name": "Gnocchi with sage", "kcal": 640, "vegan": False},
    "curry": {"name": "Pumpkin curry", "kcal": 580, "vegan": True},
    "schnitzel": {"name": "Schnitzel with fries", "kcal": 910, "vegan": False},
}
DAYS = ("mon", "tue", "wed", "thu", "fri")
PLANS: dict[str, dict[str, str]] = {}


async def http_error(request: Request, exc: HTTPException):
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


def plan_or_404(canteen: str) -> dict[str, str]:
    if canteen not in PLANS:
        raise HTTPException(404, "no plan for this canteen")
    return PLANS[canteen]


def checked_day(request: Request) -> str:
    day = request.path_params["day"]
    if day not in DAYS:
        raise HTTPException(404, "no such day")
    return day


async def dishes(request: Request):
    return JSONResponse(DISHES)


async def show_plan(request: Request):
    plan = plan_or_404(request.path_params["canteen"])
    return JSONResponse({day: DISHES[plan[day]]["name"] for day in DAYS if day in plan})


async def set_dish(request: Request):
    """Puts a dish on a day; what was there before is replaced."""
    canteen, day = request.path_params["canteen"], checked_day(request)
    dish = request.query_params.get("dish", "")
    if dish not in DISHES:
        raise HTTPException(400, "unknown dish")
    journal.append({"canteen": canteen, "day": day, "dish": dish})
    PLANS.setdefault(canteen, {})[day] = dish
    return JSONResponse({"day": day, **DISHES[dish]})


async def drop_dish(request: Request):
    canteen, day = request.path_params["canteen"], checked_day(request)
    plan = plan_or_404(canteen)
    if day not in plan:
        raise HTTPException(404, "nothing planned on that day")
    journal.append({"canteen": canteen, "day": day, "dish": None})
    del plan[day]
    return Response(status_code=204)


async def energy(request: Request):
    """Average kcal of the planned days, null for an empty plan."""
    plan = plan_or_404(request.path_params["canteen"])
    values = [DISHES[dish]["kcal"] for dish in plan.values()]
    return JSONResponse({"kcal": round(sum(values) / len(values)) if values else None})


app = Starlette(
    routes=[
        Route("/dishes", dishes),
        Route("/plans/{canteen}", show_plan),
        Route("/plans/{canteen}/energy", energy),
        Route("/plans/{canteen}/{day}", set_dish, methods=["PUT"]),
        Route("/plans/{canteen}/{day}", drop_dish, methods=["DELETE"]),
    ],
    exception_handlers={HTTPException: http_error},
)
