"""Search over collected log lines."""
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

import entries
import query

MAX_LINES = 200
LEVELS = ("debug", "info", "warning", "error")


def fail(status, message):
    return JSONResponse({"error": message}, status_code=status)


def limit_of(request):
    """?limit=, 50 unless told; at most MAX_LINES."""
    text = request.query_params.get("limit", "50")
    if not text.isdecimal() or int(text) < 1:
        raise HTTPException(400, "limit must be a positive number")
    return min(int(text), MAX_LINES)


async def search(request):
    text = request.query_params.get("q", "").strip()
    limit = limit_of(request)
    if not text:
        return fail(400, "q is missing")
    found = [e for e in entries.newest_first() if query.matches(query.parse(text), e)]
    return JSONResponse({"total": len(found), "lines": found[:limit]})


async def check(request):
    """Tells the search box whether a query is good, with the reason if not."""
    try:
        query.parse(request.query_params.get("q", ""))
    except query.QueryError as error:
        return JSONResponse({"ok": False, "reason": str(error)})
    return JSONResponse({"ok": True, "reason": None})


async def append(request):
    try:
        data = await request.json()
    except ValueError:
        return fail(400, "body is not JSON")
    if not isinstance(data, dict) or not isinstance(data.get("message"), str):
        return fail(400, "message must be text")
    if data.get("level") not in LEVELS:
        return fail(400, "level must be one of " + ", ".join(LEVELS))
    entry = entries.add(data["level"], str(data.get("service", "")), data["message"])
    return JSONResponse(entry, status_code=201)


async def services(request):
    return JSONResponse(entries.services())


async def on_query_error(request, exc):
    return fail(400, str(exc))


async def on_http(request, exc):
    return fail(exc.status_code, exc.detail)


app = Starlette(
    routes=[
        Route("/search", search),
        Route("/search/check", check),
        Route("/lines", append, methods=["POST"]),
        Route("/services", services),
    ],
    exception_handlers={query.QueryError: on_query_error, HTTPException: on_http},
)
