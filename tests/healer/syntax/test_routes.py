"""Every usual way to say which function answers which path is found."""

from __future__ import annotations

import textwrap

import pytest
from healer.syntax.project import Project
from healer.syntax.routes import route_path, stands_around

FOUND = [
    ("fastapi", "@router.get('/rooms/{name}')\ndef show(name): ...", "/rooms/{name}"),
    ("an empty path under a prefix", "@router.get('')\ndef show(): ...", "/"),
    ("a blueprint", "@bp.route('/rooms/<int:name>', methods=['GET'])\ndef show(name): ...", "/rooms/<int:name>"),
    ("a rule", "def show(name): ...\napp.add_url_rule('/rooms/<name>', view_func=show)", "/rooms/<name>"),
    ("a Route", "async def show(request): ...\nroutes = [Route('/rooms/{name}', show)]", "/rooms/{name}"),
    ("an endpoint", "async def show(request): ...\nroutes = [Route('/rooms', endpoint=show)]", "/rooms"),
    ("a router of one's own", "@route('GET', r'/rooms/(\\w+)')\ndef show(name): ...", r"/rooms/(\w+)"),
    ("a table by method and path", "def show(q): ...\nROUTES = {('GET', '/rooms'): show}", "/rooms"),
    ("a table of methods", "def show(q): ...\nROUTES = {'/rooms': {'GET': show}}", "/rooms"),
    ("a table by one text", "def show(q): ...\nROUTES = {'GET /rooms': show}", "/rooms"),
    (
        "a list of patterns",
        "def show(n): ...\nROUTES = [('GET', re.compile(r'^/rooms/(\\d+)$'), show)]",
        r"/rooms/(\d+)$",
    ),
    ("an entry put into a table", "def show(q): ...\nROUTES['GET', '/rooms'] = show", "/rooms"),
    ("a call that adds", "def show(q): ...\nrouter.add('GET', '/rooms', show)", "/rooms"),
    ("a branch", "def show(n): ...\ndef app(path, n):\n    if path == '/rooms':\n        return show(n)", "/rooms"),
    (
        "a branch on the parts",
        "def show(n): ...\ndef app(s):\n    parts = split(s)\n    if len(parts) == 2:\n        return show(parts)",
        "/",
    ),
    (
        "a match",
        "def show(n): ...\ndef app(m, p):\n    match m, p:\n        case 'GET', '/rooms':\n            return show(p)",
        "/rooms",
    ),
    ("all of ASGI", "async def show(scope, receive, send): ...", ""),
    ("a hook", "@app.before_request\ndef show(): ...", ""),
    ("a middleware", "async def show(request, call_next): ...", ""),
]


@pytest.mark.parametrize(("source", "path"), [c[1:] for c in FOUND], ids=[c[0] for c in FOUND])
def test_finds_the_path(source: str, path: str) -> None:
    functions = {f.name: f for f in Project({"app.py": source}).functions}
    assert route_path(functions["show"]) == path


OTHERS = [
    ("a helper", "def show(name):\n    return name"),
    ("a key of one's own data", "def show(q): ...\nNAMES = {'rooms': show}"),
    (
        "a refusal in a branch",
        "def show(s, t): ...\ndef app(path):\n    if path == '/x':\n        return show(404, 'no')",
    ),
    (
        "a branch beside a framework",
        "import flask\ndef show(n): ...\ndef f(path):\n    if path == '/x':\n        return show(path)",
    ),
]


@pytest.mark.parametrize("source", [c[1] for c in OTHERS], ids=[c[0] for c in OTHERS])
def test_takes_no_other_function_for_a_handler(source: str) -> None:
    functions = {f.name: f for f in Project({"app.py": source}).functions}
    assert route_path(functions["show"]) is None


def test_finds_the_path_that_another_module_gives() -> None:
    sources = {
        "views.py": "async def show(request): ...\nclass Room(HTTPEndpoint):\n    async def get(self, request): ...",
        "app.py": textwrap.dedent("""
            import views
            from views import Room
            routes = [Route("/rooms/{name}", views.show), Route("/rooms", Room)]
        """),
    }
    found = {f.name: route_path(f) for f in Project(sources).functions}
    assert found == {"show": "/rooms/{name}", "get": "/rooms"}


def test_only_what_stands_around_handlers_answers_for_them() -> None:
    functions = Project({"app.py": "async def one(request, call_next): ...\nasync def two(request): ...\n"}).functions
    assert [stands_around(f) for f in functions] == [True, False]
