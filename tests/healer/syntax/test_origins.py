"""What a value is, followed back to the request or to the service's own records, in every way services are written."""

from __future__ import annotations

import ast
import textwrap

import pytest
from healer.syntax.origins import Tracer
from healer.syntax.project import Project
from healer.syntax.refusals import Refusals

FASTAPI = """
    from typing import Annotated
    from fastapi import APIRouter, Depends, Header, Query, Request, UploadFile
    from pydantic import BaseModel

    router = APIRouter(prefix="/rooms")
    ROOMS = {}

    class Wish(BaseModel):
        name: str

    class Paging:
        def __init__(self, page: int = 1):
            self.page = page

        def start(self):
            return probe(self.page)  # paging: query

    def put(name):
        ROOMS[name] = {}

    def room(name: str):
        return ROOMS[name]

    def caller(authorization: Annotated[str, Header()]):
        scheme, token = authorization.split()
        return probe(token)  # token: header

    Page = Annotated[Paging, Depends()]
    Room = Annotated[dict, Depends(room)]
    Size = Annotated[int, Query()]

    @router.get("/{name}")
    def show(name: str, size: Size, found: Room, page: Page, who: str = Depends(caller), q: str = ""):
        probe(name)  # name: path
        probe(size)  # size: query
        probe(q)  # q: query
        probe(found["seats"])  # found: record

    @router.post("")
    def add(wish: Wish | None, raw: dict, file: UploadFile, request: Request):
        probe(wish.name)  # wish: body
        probe(raw["seats"])  # raw: body
        probe(file.filename)  # file: form
        probe(request.app.state.rooms)  # app: record
        probe(request.query_params["q"])  # params: query
"""
FLASK = """
    from flask import Blueprint, request
    from flask.views import MethodView

    bp = Blueprint("rooms", __name__)

    class Room(MethodView):
        def get(self, number):
            probe(number)  # number: path

    @bp.post("/<kind>/things")
    def add(kind):
        sent = request.get_json()
        names = [probe(item["name"]) for item in sent["items"]]  # item: body
        first, *rest = request.form["names"].split(",")
        probe(rest)  # rest: form
        probe(kind)  # kind: path
        return helper(seats=request.args.get("seats"))

    def helper(seats):
        return probe(seats)  # seats: query

    bp.add_url_rule("/<int:number>", view_func=Room.as_view("room"))
"""
STARLETTE = """
    from starlette.endpoints import HTTPEndpoint
    from starlette.routing import Route

    class Room(HTTPEndpoint):
        async def put(self, request):
            data = await request.json()
            probe(data["name"])  # data: body
            form = await request.form()
            probe(form["name"])  # form: form
            probe(request.path_params["name"])  # path: path
            probe(request.headers["x-key"])  # key: header

    routes = [Route("/rooms/{name}", Room)]
"""
ASGI = """
    import json
    import re
    from urllib.parse import parse_qs

    class Request:
        def __init__(self, scope, body):
            self.query = {k: v[0] for k, v in parse_qs(scope["query_string"].decode()).items()}
            self.body = body
            self.path = scope["path"]

        def number(self, name):
            return probe(self.query[name])  # wrapped: query

    class Store:
        def __init__(self):
            self.rooms = {}

        def room(self, name):
            self.rooms.setdefault(name, {})
            return probe(self.rooms)  # store: state

    class Guest:
        def __init__(self, name):
            self.name = name

        def greeting(self):
            return probe(self.name)  # guest: record

    def show(request, query, name):
        probe(name)  # name: path
        probe(query["size"])  # query: query
        Guest(query["guest"])
        match query["shape"].split(","):
            case [width, height]:
                probe(height)  # match: query

    ROUTES = [("GET", re.compile(r"^/rooms/(\\w+)$"), show)]

    async def app(scope, receive, send):
        query = {k: v[0] for k, v in parse_qs(scope["query_string"].decode()).items()}
        for method, pattern, handler in ROUTES:
            found = pattern.match(scope["path"])
            if found:
                request = Request(scope, await receive())
                await send(handler(request, query, *found.groups()))
"""
SERVICES = [("fastapi", FASTAPI), ("flask", FLASK), ("starlette", STARLETTE), ("asgi", ASGI)]
CASES = [
    (framework, text, line.split("# ")[1]) for framework, text in SERVICES for line in text.splitlines() if "# " in line
]


@pytest.mark.parametrize(("framework", "text", "mark"), CASES, ids=[f"{c[0]} {c[2]}" for c in CASES])
def test_a_value_is_followed_back(framework: str, text: str, mark: str) -> None:
    source = textwrap.dedent(text)
    project = Project({"app.py": source})
    module = project.modules["app.py"]
    line = next(n for n, content in enumerate(source.splitlines(), 1) if content.endswith(f"# {mark}"))
    call = next(
        n for n in module.nodes if isinstance(n, ast.Call) and n.lineno == line and ast.unparse(n.func) == "probe"
    )
    tracer = Tracer(project, Refusals(project, framework))
    kinds = {origin.kind for origin in tracer.origins(call.args[0], module, module.function_of(call))}
    assert mark.partition(": ")[2] in kinds
