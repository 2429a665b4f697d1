"""Language exchange: finds tandem partners."""
import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LANGUAGES = {"ar", "de", "en", "es", "fr", "it", "ja", "pl", "pt", "tr", "uk"}
PROFILES: dict[str, dict] = {}


class ApiError(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
        self.message = message


async def api_error(request: Request, exc: ApiError) -> JSONResponse:
    return JSONResponse({"error": exc.message}, status_code=exc.status)


def profile_or_404(nick: str) -> dict:
    if nick not in PROFILES:
        raise ApiError(404, "no such profile")
    return PROFILES[nick]


def languages(data: dict, key: str) -> list[str]:
    value = data.get(key)
    if not isinstance(value, list) or not value:
        raise ApiError(400, f"{key} must be a list of languages")
    unknown = [v for v in value if v not in LANGUAGES]
    if unknown:
        raise ApiError(400, f"unknown languages: {unknown}")
    return sorted(set(value))


def score(me: dict, other: dict) -> int:
    """Languages the two can teach each other; 0 unless there is something in it for both."""
    get = set(me["learns"]) & set(other["speaks"])
    give = set(me["speaks"]) & set(other["learns"])
    return len(get) + len(give) if get and give else 0


def rank(candidates: list[tuple[int, dict]]) -> list[tuple[int, dict]]:
    """Best first; those that fit equally well in order of their nicknames."""
    return sorted(candidates, reverse=True)


async def put_profile(request: Request) -> JSONResponse:
    try:
        data = await request.json()
    except json.JSONDecodeError:
        raise ApiError(400, "body must be JSON")
    if not isinstance(data, dict):
        raise ApiError(400, "body must be an object")
    nick = request.path_params["nick"]
    created = nick not in PROFILES
    PROFILES[nick] = {
        "nick": nick,
        "speaks": languages(data, "speaks"),
        "learns": languages(data, "learns"),
        "city": data.get("city"),
    }
    return JSONResponse(PROFILES[nick], status_code=201 if created else 200)


async def get_profile(request: Request) -> JSONResponse:
    return JSONResponse(profile_or_404(request.path_params["nick"]))


async def delete_profile(request: Request) -> Response:
    profile_or_404(request.path_params["nick"])
    del PROFILES[request.path_params["nick"]]
    return Response(status_code=204)


async def speakers(request: Request) -> JSONResponse:
    """Nicknames of those who speak a language, in order."""
    code = request.path_params["code"]
    if code not in LANGUAGES:
        raise ApiError(404, "no such language")
    return JSONResponse(sorted(p["nick"] for p in PROFILES.values() if code in p["speaks"]))


async def matches(request: Request) -> JSONResponse:
    """Possible partners; ?city=here keeps those from the same city."""
    me = profile_or_404(request.path_params["nick"])
    near = request.query_params.get("city") == "here"
    candidates = []
    for other in PROFILES.values():
        if other is me or (near and other["city"] != me["city"]):
            continue
        points = score(me, other)
        if points:
            candidates.append((points, other))
    return JSONResponse([{"nick": p["nick"], "city": p["city"], "score": n} for n, p in rank(candidates)])


app = Starlette(
    routes=[
        Route("/profiles/{nick}", put_profile, methods=["PUT"]),
        Route("/profiles/{nick}", get_profile),
        Route("/profiles/{nick}", delete_profile, methods=["DELETE"]),
        Route("/profiles/{nick}/matches", matches),
        Route("/languages/{code}/speakers", speakers),
    ],
    exception_handlers={ApiError: api_error},
)
