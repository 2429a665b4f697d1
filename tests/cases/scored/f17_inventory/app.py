"""Server inventory. Hosts report themselves; people attach notes."""
import json
from datetime import datetime, timezone

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

HOSTS: dict[str, dict] = {}
ROLES = ("web", "db", "queue", "batch")


class Problem(Exception):
    def __init__(self, status: int, title: str):
        super().__init__(title)
        self.status, self.title = status, title


def on_problem(request: Request, exc: Problem) -> JSONResponse:
    return JSONResponse({"status": exc.status, "title": exc.title}, status_code=exc.status, media_type="application/problem+json")


def host_of(request: Request) -> dict:
    name = request.path_params["host"]
    if name not in HOSTS:
        raise Problem(404, "unknown host")
    return HOSTS[name]


async def json_object(request: Request) -> dict:
    """The body of a request, which must be a JSON object; everything else is a 400."""
    try:
        data = await request.json()
    except json.JSONDecodeError:
        raise Problem(400, "body is not JSON")
    if not isinstance(data, dict):
        raise Problem(400, "body is not a JSON object")
    return data


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


async def report(request: Request) -> JSONResponse:
    """A host says what it is. Notes survive further reports."""
    data = await json_object(request)
    if data.get("role") not in ROLES:
        raise Problem(400, "role must be one of " + ", ".join(ROLES))
    cores = data.get("cores")
    if not isinstance(cores, int) or cores < 1:
        raise Problem(400, "cores must be a positive whole number")
    name = request.path_params["host"]
    known = HOSTS.get(name)
    HOSTS[name] = {
        "host": name,
        "role": data["role"],
        "cores": cores,
        "owner": data.get("owner", ""),
        "notes": known["notes"] if known else [],
        "seen": now(),
    }
    return JSONResponse(HOSTS[name], status_code=200 if known else 201)


async def show(request: Request) -> JSONResponse:
    return JSONResponse(host_of(request))


async def retire(request: Request) -> Response:
    del HOSTS[host_of(request)["host"]]
    return Response(status_code=204)


async def add_note(request: Request) -> JSONResponse:
    host = host_of(request)
    text = (await json_object(request)).get("text")
    if not isinstance(text, str) or not text.strip():
        raise Problem(400, "text is missing")
    host["notes"].append(text.strip())
    return JSONResponse(host["notes"], status_code=201)


async def index(request: Request) -> JSONResponse:
    role = request.query_params.get("role")
    return JSONResponse([h["host"] for _, h in sorted(HOSTS.items()) if role in (None, h["role"])])


async def ansible(request: Request) -> PlainTextResponse:
    """Inventory in the ini format, one section per role."""
    sections = []
    for role in ROLES:
        names = sorted(h["host"] for h in HOSTS.values() if h["role"] == role)
        if names:
            sections.append("\n".join([f"[{role}]", *names]))
    return PlainTextResponse("\n\n".join(sections) + "\n" if sections else "")


app = Starlette(
    routes=[
        Mount(
            "/hosts",
            routes=[
                Route("/", index),
                Route("/{host}", report, methods=["PUT"]),
                Route("/{host}", show),
                Route("/{host}", retire, methods=["DELETE"]),
                Route("/{host}/notes", add_note, methods=["POST"]),
            ],
        ),
        Route("/inventory.ini", ansible),
    ],
    exception_handlers={Problem: on_problem},
)
