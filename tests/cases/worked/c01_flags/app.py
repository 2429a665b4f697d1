"""Feature flags for the web shop: who gets what, and which flag rests on which."""
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import rules
from store import FlagStore, Problem

store = FlagStore()
store.add("checkout-v2", on=True)
store.add("express-pay", on=True, requires=["checkout-v2"])
store.add("gift-wrap", on=False)
store.add("one-click", on=True, rollout=50)


def view(flag):
    return {
        "key": flag.key,
        "on": flag.on,
        "rollout": flag.rollout,
        "requires": list(flag.requires),
        "rests_on": rules.rests_on(store.flags, flag.key),
    }


async def json_object(request):
    try:
        data = await request.json()
    except ValueError:
        raise Problem(400, "body is not JSON")
    if not isinstance(data, dict):
        raise Problem(400, "body must be an object")
    return data


async def list_flags(request):
    return JSONResponse([view(f) for f in store.all()])


async def show_flag(request):
    return JSONResponse(view(store.get(request.path_params["key"])))


async def create_flag(request):
    data = await json_object(request)
    key = data.get("key")
    if not isinstance(key, str) or not key.strip():
        raise Problem(400, "key is missing")
    if key in store.flags:
        raise Problem(409, "flag exists already")
    return JSONResponse(view(store.add(key, on=bool(data.get("on", False)))), status_code=201)


async def switch(request):
    flag = store.get(request.path_params["key"])
    flag.on = request.path_params["state"] == "on"
    return JSONResponse(view(flag))


async def set_requires(request):
    """Replace what a flag requires. A flag can never be its own prerequisite (409)."""
    flag = store.get(request.path_params["key"])
    wanted = (await json_object(request)).get("requires")
    if not isinstance(wanted, list) or not all(isinstance(k, str) for k in wanted):
        raise Problem(400, "requires must be a list of keys")
    for key in wanted:
        if key not in store.flags:
            raise Problem(400, f"unknown flag {key}")
    if flag.key in wanted:
        raise Problem(409, "a flag cannot require itself")
    flag.requires = list(dict.fromkeys(wanted))
    return JSONResponse(view(flag))


async def delete_flag(request):
    flag = store.get(request.path_params["key"])
    users = [f.key for f in store.all() if flag.key in f.requires]
    if users:
        raise Problem(409, "required by " + ", ".join(users))
    store.remove(flag.key)
    return Response(status_code=204)


async def evaluate(request):
    user = request.query_params.get("user", "")
    if not user:
        raise Problem(400, "user is missing")
    flag = store.get(request.path_params["key"])
    return JSONResponse({"key": flag.key, "user": user, "enabled": rules.enabled(store.flags, flag.key, user)})


async def on_problem(request, exc):
    return JSONResponse({"error": exc.message}, status_code=exc.status)


async def on_http(request, exc):
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


app = Starlette(
    routes=[
        Route("/flags", list_flags),
        Route("/flags", create_flag, methods=["POST"]),
        Route("/flags/{key}", show_flag),
        Route("/flags/{key}", delete_flag, methods=["DELETE"]),
        Route("/flags/{key}/requires", set_requires, methods=["PUT"]),
        Route("/flags/{key}/switch/{state}", switch, methods=["POST"]),
        Route("/flags/{key}/evaluate", evaluate),
    ],
    exception_handlers={Problem: on_problem, HTTPException: on_http},
)
