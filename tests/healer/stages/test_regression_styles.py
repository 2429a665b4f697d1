"""Regression tests written into small repositories of many styles, and run there: on the code as it was and as
patched."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest
from healer.model import (
    Call,
    Candidate,
    Change,
    ExceptionInfo,
    Exchange,
    Frame,
    Regression,
    Replay,
    Report,
    Request,
    Site,
)
from healer.stages import regression

from tests.healer.samples import a_diagnosis, a_report


@dataclass(frozen=True)
class House:
    """A repository: its files with the fault in them, the fix, and the failing request with what came of it."""

    name: str  # also that of its package or module, so that all can be run by one interpreter
    files: dict[str, str]
    fault: str  # a line of one file
    fix: str
    wanted: str  # what is added
    request: Request | None = None
    answer: Exchange = field(default_factory=lambda: Exchange(200))
    earlier: tuple[tuple[Request, Exchange], ...] = ()
    call: Call | None = None
    diagnosis: dict[str, Any] = field(default_factory=dict)
    entry: str | None = None
    framework: str | None = None

    @property
    def sources(self) -> dict[str, str]:
        return {path: text for path, text in self.files.items() if "tests/" not in path}

    @property
    def faulty(self) -> str:
        return next(path for path, text in self.sources.items() if self.fault in text)

    def candidate(self) -> Candidate:
        before = self.files[self.faulty]
        return Candidate("x", "y", (Change(self.faulty, before, before.replace(self.fault, self.fix)),))

    def report(self) -> Report:
        line = self.files[self.faulty].partition(self.fault)[0].count("\n") + 1
        frame = Frame(self.faulty, line, "f", True)
        earlier = tuple(request for request, _ in self.earlier)
        return a_report(frames=(frame,), request=self.request, earlier_requests=earlier, framework=self.framework)

    def drafts(self) -> list[Regression]:
        after = Replay("", (*(exchange for _, exchange in self.earlier), self.answer))
        site = Site(self.faulty, 1, "f")
        diagnosis = a_diagnosis(**{"fault": site, "category": "other", **self.diagnosis})
        tests = {path: text for path, text in self.files.items() if "tests/" in path}
        folders = ("src/tests",) if any(path.startswith("src/tests/") for path in tests) else ("tests",)
        found = regression.drafts(
            self.report(), diagnosis, self.candidate(), after, tests, self.sources, folders, self.entry, self.call
        )
        return list(found)


def get(path: str, **more: Any) -> Request:
    return Request("GET", path, **more)


def post(path: str, body: Any = None, **more: Any) -> Request:
    return Request("POST", path, body_kind="none" if body is None else "json", body=body, **more)


FASTAPI = """from fastapi import FastAPI, Header, HTTPException

app = FastAPI()
TABLES = {"a": 4}


@app.get("/tables/{name}/seats")
def seats(name: str):
    seen = TABLES[name]
    return {"seats": seen}
"""
MISSING = "    seen = TABLES[name]\n"
REFUSED = '    if name not in TABLES:\n        raise HTTPException(404, "no such table")\n' + MISSING
NO_TABLE = Exchange(404, body='{"detail":"no such table"}')
LONG = "no such table in any of the rooms that this house has, and there are many of them, on every floor"

ORDERS = """import itertools

from flask import Flask, jsonify, request


def create_app():
    app = Flask(__name__)
    orders = {}
    numbers = itertools.count(4100)

    @app.post("/orders")
    def place():
        number = next(numbers)
        orders[number] = {"id": number, "lines": [], "address": request.json.get("address")}
        return jsonify(orders[number]), 201

    @app.post("/orders/<int:number>/lines")
    def add(number):
        line = {"id": next(numbers), "sku": request.json["sku"]}
        orders[number]["lines"].append(line)
        return jsonify(line), 201

    @app.get("/orders/<int:number>/lines/<int:line>/label")
    def label(number, line):
        found = next(one for one in orders[number]["lines"] if one["id"] == line)
        street = orders[number]["address"]["street"]
        return jsonify(order=number, sku=found["sku"], street=street, printed_at="2024-01-01T00:00")

    return app
"""

NOTES = """import contextlib

from fastapi import FastAPI, Header, HTTPException

KNOWN = {"t-ann": "ann"}
NOTES = {}


@contextlib.asynccontextmanager
async def lifespan(app):
    NOTES["ann"] = ["milk", ""]
    yield


app = FastAPI(lifespan=lifespan)


def user(authorization):
    name = KNOWN.get(authorization.removeprefix("Bearer "))
    if name is None:
        raise HTTPException(401, "who are you?")
    return name


@app.post("/sessions", status_code=201)
def sign_in(body: dict):
    return {"token": f"t-{body['name']}"}


@app.get("/notes/{number}/initial")
def initial(number: int, authorization: str = Header("")):
    return {"owner": user(authorization), "initial": NOTES["ann"][number][0]}


@app.get("/initials")
def initials():
    return [note[0] for note in NOTES["ann"]]
"""
INITIAL = 'NOTES["ann"][number][0]'
NO_INITIAL = Exchange(200, body='{"owner":"ann","initial":""}')

PRICES = """from fastapi import HTTPException


def per_piece(total, pieces, *, digits=2):
    return round(total / pieces, digits)


async def stock(sku):
    return {"MUG": 3}[sku]
"""

HOUSES = [
    House(
        "fixture_client",
        {
            "fixture_client.py": FASTAPI,
            "tests/conftest.py": """import pytest
from fastapi.testclient import TestClient

from fixture_client import app


@pytest.fixture
def client():
    with TestClient(app) as made:
        yield made
""",
            "tests/test_tables.py": """def test_seats(client):
    response = client.get("/tables/a/seats")
    assert response.status_code == 200
""",
        },
        MISSING,
        REFUSED,
        """

def test_table_seats_is_not_found(client):
    response = client.get("/tables/z/seats")
    assert response.status_code == 404
    assert response.json() == {"detail": "no such table"}
""",
        get("/tables/z/seats", headers={"user-agent": "x"}),
        NO_TABLE,
    ),
    House(
        "module_client",
        {
            "module_client.py": FASTAPI,
            "tests/test_house.py": """from fastapi.testclient import TestClient
from module_client import app

client = TestClient(app)


def test_seats() -> None:
    \"\"\"Seats are told.\"\"\"
    assert client.get('/tables/a/seats').status_code == 200


if __name__ == '__main__':
    test_seats()
""",
        },
        MISSING,
        REFUSED.replace("no such table", LONG),
        """def test_table_seats_is_not_found() -> None:
    \"\"\"Table seats is not found.\"\"\"
    assert client.get('/tables/z/seats').status_code == 404


""",
        get("/tables/z/seats"),
        Exchange(404, body=f'{{"detail":"{LONG}"}}'),
    ),
    House(
        "identifiers",
        {
            "identifiers.py": ORDERS,
            "tests/conftest.py": """import pytest

from identifiers import create_app


@pytest.fixture
def app():
    return create_app()


@pytest.fixture
def client(app):
    return app.test_client()
""",
            "tests/test_order.py": """def test_place(client):
    rv = client.post("/orders", json={"address": {"street": "Elm"}})
    assert rv.status_code == 201
    assert rv.json["lines"] == []


def test_place_nothing(client):
    rv = client.post("/orders", json={})
    assert rv.status_code == 201
    assert rv.json["address"] is None
""",
        },
        'orders[number]["address"]["street"]',
        '(orders[number]["address"] or {}).get("street")',
        """

def test_line_label_without_address_is_answered(client):
    order_id = client.post("/orders", json={"address": None}).json["id"]
    line_id = client.post(
        f"/orders/{order_id}/lines", json={"sku": "MUG-BLUE"}
    ).json["id"]
    rv = client.get(f"/orders/{order_id}/lines/{line_id}/label")
    assert rv.status_code == 200
    body = rv.json
    assert body["order"] == order_id
    assert body["sku"] == "MUG-BLUE"
    assert body["street"] is None
""",
        get("/orders/57/lines/58/label"),
        Exchange(200, body='{"order":4100,"sku":"MUG-BLUE","street":null,"printed_at":"2024-01-01T00:00"}'),
        earlier=(
            (post("/orders", {"address": None}, ids={"/id": 56}), Exchange(201, body='{"id":4099}')),
            (post("/orders", {"address": None}, ids={"/id": 57}), Exchange(201, body='{"id":4100}')),
            (get("/orders/57"), Exchange(200)),
            (post("/orders/57/lines", {"sku": "MUG-BLUE"}, ids={"/id": 58}), Exchange(201, body='{"id":4101}')),
        ),
        diagnosis={"category": "none-dereference", "culprit": "orders[number]['address']"},
        framework="flask",
    ),
    House(
        "unit_tests",
        {
            "unit_tests.py": FASTAPI,
            "tests/test_unit.py": """import unittest

from starlette.testclient import TestClient

from unit_tests import app


class SeatsTest(unittest.TestCase):
    def setUp(self):
        self.client = TestClient(app)

    def testSeats(self):
        res = self.client.get("/tables/a/seats")
        self.assertEqual(res.status_code, 200)


class Other:
    pass
""",
        },
        MISSING,
        REFUSED,
        """    def testTableSeatsIsNotFound(self):
        res = self.client.get("/tables/z/seats")
        self.assertEqual(res.status_code, 404)
        self.assertEqual(res.json(), {"detail": "no such table"})

""",
        get("/tables/z/seats"),
        NO_TABLE,
    ),
    House(
        "async_client",
        {
            "async_client.py": FASTAPI,
            "tests/conftest.py": """import pytest
from httpx import ASGITransport, AsyncClient

from async_client import app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def ac():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as made:
        yield made
""",
            "tests/test_seats.py": """import pytest
from httpx import AsyncClient


class TestSeats:
    @pytest.mark.anyio
    async def test_seats(self, ac: AsyncClient):
        answer = await ac.get("/tables/a/seats")
        assert answer.status_code == 200
""",
        },
        MISSING,
        REFUSED,
        """
    @pytest.mark.anyio
    async def test_table_seats_is_not_found(self, ac: AsyncClient):
        answer = await ac.get("/tables/z/seats")
        assert answer.status_code == 404
        assert answer.json() == {"detail": "no such table"}
""",
        get("/tables/z/seats"),
        NO_TABLE,
    ),
    House(
        "built_in_each",
        {
            "built_in_each.py": NOTES,
            "tests/notes_test.py": """from fastapi.testclient import TestClient

from built_in_each import app


def test_sign_in():
    with TestClient(app) as http:
        r = http.post("/sessions", json={"name": "ann"})
        assert r.status_code == 201
""",
        },
        INITIAL,
        'NOTES["ann"][number][:1]',
        """

def test_note_initial_is_answered():
    with TestClient(app) as http:
        token = http.post("/sessions", json={"name": "ann"}).json()["token"]
        r = http.get("/notes/1/initial", headers={"Authorization": f"Bearer {token}"})
        assert r.status_code == 200
        assert r.json() == {"owner": "ann", "initial": ""}
""",
        get("/notes/1/initial", headers={"authorization": "Bearer [redacted]", "accept": "*/*"}),
        NO_INITIAL,
        earlier=((post("/sessions", {"name": "ann"}), Exchange(201, body='{"token":"t-ann"}')),),
    ),
    House(
        "signed_in",
        {
            "signed_in.py": NOTES,
            "tests/conftest.py": """import pytest
from fastapi.testclient import TestClient

from signed_in import app


@pytest.fixture
def client():
    with TestClient(app) as made:
        yield made


@pytest.fixture
def as_ann():
    return {"Authorization": "Bearer t-ann"}
""",
            "tests/test_notes.py": """def test_initial(client, as_ann):
    assert client.get("/notes/0/initial", headers=as_ann).json()["initial"] == "m"


def test_nobody(client):
    response = client.get("/notes/0/initial")
    assert response.status_code == 401
""",
        },
        INITIAL,
        'NOTES["ann"][number][:1]',
        """

def test_note_initial_is_answered(client, as_ann):
    response = client.get("/notes/1/initial", headers=as_ann)
    assert response.status_code == 200
    assert response.json() == {"owner": "ann", "initial": ""}
""",
        get("/notes/1/initial", headers={"authorization": "Bearer [redacted]"}),
        NO_INITIAL,
    ),
    House(
        "beside",
        {
            "src/beside/__init__.py": "",
            "src/beside/seats.py": FASTAPI,
            "src/tests/conftest.py": """import pytest
from fastapi.testclient import TestClient

from beside.seats import app


@pytest.fixture
def http():
    return TestClient(app)
""",
            "src/tests/test_one.py": "def test_docs(http):\n    assert http.get('/docs').status_code == 200\n",
            "src/tests/test_two.py": "def test_spec(http):\n    assert http.get('/openapi.json').status_code == 200\n",
        },
        MISSING,
        REFUSED,
        """def test_table_seats_is_not_found(http):
    response = http.get('/tables/z/seats')
    assert response.status_code == 404
    assert response.json() == {'detail': 'no such table'}
""",
        get("/tables/z/seats"),
        NO_TABLE,
    ),
    House(
        "untested",
        {"untested/__init__.py": "", "untested/main.py": NOTES},
        "note[0] for",
        "note[:1] for",
        """from fastapi.testclient import TestClient

from untested.main import app


def test_initials_is_answered():
    with TestClient(app) as client:
        response = client.get("/initials")
        assert response.status_code == 200
        assert response.json() == ["m", ""]
""",
        get("/initials"),
        Exchange(200, body='["m",""]'),
        entry="untested.main:app",
    ),
    House(
        "untested_factory",
        {"untested_factory.py": ORDERS.replace('request.json.get("address")', 'request.json["address"]["town"]')},
        'request.json["address"]["town"]',
        'request.json["address"].get("town")',
        """from untested_factory import create_app

client = create_app().test_client()


def test_post_orders_is_answered():
    response = client.post(
        "/orders",
        json={
            "address": {
                "street": "An der langen Mauer 17, Hinterhaus, dritter Stock",
                "note": 'say "hello"',
            }
        },
    )
    assert response.status_code == 201
    body = response.get_json()
    assert body["lines"] == []
    assert body["address"] is None
""",
        post(
            "/orders",
            {"address": {"street": "An der langen Mauer 17, Hinterhaus, dritter Stock", "note": 'say "hello"'}},
        ),
        Exchange(201, body='{"id":4100,"lines":[],"address":null}'),
        entry="untested_factory:create_app()",
        framework="flask",
    ),
    House(
        "prefixed",
        {
            "prefixed.py": FASTAPI.replace('"/tables', '"/api/tables').replace('{"a": 4}', "{}"),
            "tests/conftest.py": """import pytest
from httpx import ASGITransport, AsyncClient

from prefixed import TABLES, app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def seeded():
    TABLES["a"] = 4


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test/api/") as made:
        yield made
""",
            "tests/test_tables.py": """import pytest

from prefixed import TABLES

pytestmark = pytest.mark.anyio


async def test_nothing(client):
    assert (await client.get("/nothing")).status_code == 404


async def test_seats(client, seeded):
    assert (await client.get("/tables/a/seats")).status_code == 200
    assert TABLES
""",
        },
        "    seen = TABLES[name]\n",
        "    seen = TABLES.get(name, sum(TABLES.values()))\n",
        """

async def test_table_seats_is_answered(client, seeded):
    response = await client.get("/tables/z/seats")
    assert response.status_code == 200
    assert response.json() == {"seats": 4}
""",
        get("/api/tables/z/seats"),
        Exchange(200, body='{"seats":4}'),
    ),
    House(
        "called",
        {
            "called/__init__.py": "",
            "called/prices.py": PRICES,
            "tests/test_prices.py": """from called import prices


def test_per_piece():
    assert prices.per_piece(3, 2) == 1.5
""",
        },
        "total / pieces",
        "total / pieces if pieces else 0.0",
        """

def test_per_piece_with_zero_pieces_has_a_value():
    assert prices.per_piece(9.5, 0, digits=1) == 0.0
""",
        answer=Exchange(None, value="0.0"),
        call=Call("called/prices.py", "per_piece", {"total": "9.5", "pieces": "0", "digits": "1"}),
        diagnosis={"category": "zero-division", "culprit": "pieces"},
    ),
    House(
        "awaited",
        {
            "awaited/__init__.py": "",
            "awaited/prices.py": PRICES,
            "tests/test_stock.py": """import os

from awaited.prices import per_piece


def test_per_piece():
    assert os and per_piece(3, 2) == 1.5
""",
        },
        'return {"MUG": 3}[sku]',
        'if sku != "MUG":\n        raise HTTPException(404)\n    return 3',
        """import asyncio
import pytest
from awaited.prices import per_piece, stock
from fastapi import HTTPException


def test_stock_is_refused():
    with pytest.raises(HTTPException):
        asyncio.run(stock("CUP"))
""",
        answer=Exchange(None, exception=ExceptionInfo("HTTPException", "404", "fastapi.exceptions")),
        call=Call("awaited/prices.py", "stock", {"sku": "'CUP'"}),
    ),
]


def added(change: Change) -> str:
    return "".join(line[1:] + "\n" for line in change.diff.split("\n")[2:] if line.startswith("+"))


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: house.name)
def test_the_test_is_written_as_the_repository_writes(house):
    draft = house.drafts()[0]
    assert added(draft.change) == house.wanted
    assert draft.change.before == house.files.get(draft.change.file, "")


def test_every_test_fails_on_the_faulty_code_and_passes_on_the_patched(tmp_path):
    drafts = {house.name: house.drafts()[0] for house in HOUSES}
    runs = []
    for side in ("before", "after"):
        for house in HOUSES:
            files = house.files | {drafts[house.name].change.file: drafts[house.name].change.after}
            if side == "after":
                files |= {change.file: change.after for change in house.candidate().changes}
            for path, text in files.items():
                there = tmp_path / side / f"in-{house.name}" / path
                there.parent.mkdir(parents=True, exist_ok=True)
                there.write_text(text)
        roots = [tmp_path / side / f"in-{house.name}" for house in HOUSES]
        roots += [root / "src" for root in roots if (root / "src").is_dir()]
        ids = [f"in-{house.name}/{drafts[house.name].test}" for house in HOUSES]
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "--assert=plain", "-p", "anyio"]
        command += ["--import-mode=importlib", "--rootdir=.", *ids]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(map(str, roots))
        pipe = subprocess.PIPE
        runs.append(subprocess.Popen(command, cwd=tmp_path / side, env=environment, stdout=pipe, text=True))
    before, after = (run.communicate(timeout=60)[0] for run in runs)
    for house in HOUSES:
        assert f"FAILED in-{house.name}/{drafts[house.name].test}" in before, before
        assert f"PASSED in-{house.name}/{drafts[house.name].test}" in after, after
