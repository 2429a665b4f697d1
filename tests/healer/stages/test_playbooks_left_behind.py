"""What an earlier request left behind, loops over what they change, and iterators at their end."""

from __future__ import annotations

import pytest

from .crashes import Ask
from .tables import Case, assert_healed

CASES = {
    "a default that grows": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    BOOK = {"ann": {"phone": "1"}, "bo": {"phone": "2", "mail": "b@x"}}

    def merged(entry, changes, fields=[]):
        for name in changes:
            if name not in entry:
                fields.append(name)
        return {name: changes[name] for name in fields} | {k: changes.get(k, v) for k, v in entry.items()}

    @app.get("/book/<who>")
    def show(who):
        if who not in BOOK:
            return jsonify(error="nobody of that name"), 404
        return jsonify(BOOK[who])

    @app.patch("/book/<who>")
    def change(who):
        if who not in BOOK:
            return jsonify(error="nobody of that name"), 404
        BOOK[who] = merged(BOOK[who], request.get_json())
        return jsonify(BOOK[who])
    """,
        Ask("PATCH", "/book/bo", {"phone": "3"}),
        200,
        {"phone": "3", "mail": "b@x"},
        before=[Ask("PATCH", "/book/ann", {"city": "Oslo"})],
        also=(Ask("PATCH", "/book/ann", {"city": "Oslo"}), 200, {"phone": "1", "city": "Oslo"}),
    ),
    "a dict of the class": Case(
        {
            "cart.py": """
    PRICES = {"uk": {"tea": 3}, "us": {"mug": 4}}

    class Cart:
        lines = {}

        def __init__(self, shop):
            self.shop = shop

        def add(self, sku, count):
            self.lines[sku] = self.lines.get(sku, 0) + count

        def total(self):
            return sum(PRICES[self.shop][sku] * count for sku, count in self.lines.items())
    """,
            "app.py": """
    from fastapi import FastAPI, HTTPException
    from cart import Cart, PRICES
    app = FastAPI()
    CARTS = {}

    @app.post("/carts/{shop}/{name}", status_code=201)
    def create(shop: str, name: str):
        if shop not in PRICES:
            raise HTTPException(404, "no such shop")
        CARTS[name] = Cart(shop)
        return {"shop": shop}

    @app.post("/carts/{name}")
    def add(name: str, sku: str, count: int = 1):
        if name not in CARTS:
            raise HTTPException(404, "no such cart")
        if sku not in PRICES[CARTS[name].shop]:
            raise HTTPException(404, "no such article")
        CARTS[name].add(sku, count)
        return CARTS[name].lines

    @app.get("/carts/{name}/total")
    def total(name: str):
        if name not in CARTS:
            raise HTTPException(404, "no such cart")
        return {"total": CARTS[name].total()}
    """,
        },
        Ask("GET", "/carts/b/total"),
        200,
        {"total": 0},
        before=[Ask("POST", "/carts/uk/a"), Ask("POST", "/carts/us/b"), Ask("POST", "/carts/a?sku=tea")],
    ),
    "an iterator of the module": Case(
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    RAW = "oslo:7,bergen:12,narvik:-3"
    READINGS = ((name, int(value)) for name, value in (part.split(":") for part in RAW.split(",")))

    @app.get("/healthz")
    def health():
        return jsonify(ok=True)

    @app.get("/warmest")
    def warmest():
        name, value = max(READINGS, key=lambda reading: reading[1])
        return jsonify(name=name, value=value)
    """,
        Ask("GET", "/warmest"),
        200,
        {"name": "bergen", "value": 12},
        before=[Ask("GET", "/warmest")],
        also=(Ask("GET", "/warmest"), 200, None),
    ),
    "an iterator gone through twice": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    RUNS = [{"who": "ann", "km": 5}, {"who": "ann", "km": 10}, {"who": "bo", "km": 3}]

    @app.get("/runs")
    def runs():
        return RUNS

    @app.get("/runners/{who}/summary")
    def summary(who: str, longest: bool = False):
        if not any(r["who"] == who for r in RUNS):
            raise HTTPException(404, "no such runner")
        distances = map(lambda r: r["km"], filter(lambda r: r["who"] == who, RUNS))
        answer = {"total": sum(distances)}
        if longest:
            answer["longest"] = max(distances)
        return answer
    """,
        Ask("GET", "/runners/ann/summary?longest=1"),
        200,
        {"total": 15, "longest": 10},
        also=(Ask("GET", "/runners/bo/summary"), 200, {"total": 3}),
    ),
    "an entry taken apart": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    TEMPLATES = {
        "welcome": {"subject": "Welcome!", "body": "Hello {name}", "tags": "a,b"},
        "bill": {"subject": "Your bill", "body": "Dear {name}", "tags": "c"},
    }

    @app.get("/templates")
    def index():
        return jsonify(sorted(TEMPLATES))

    @app.post("/templates/<name>/render")
    def render(name):
        if name not in TEMPLATES:
            return jsonify(error="unknown template"), 404
        template = TEMPLATES[name]
        tags = template.pop("tags").split(",")
        body = template["body"].format(name=request.get_json()["name"])
        return jsonify(subject=template["subject"], body=body, tags=tags)
    """,
        Ask("POST", "/templates/bill/render", {"name": "Y"}),
        200,
        {"subject": "Your bill", "body": "Dear Y", "tags": ["c"]},
        before=[Ask("POST", "/templates/bill/render", {"name": "X"})],
        also=(Ask("POST", "/templates/welcome/render", {"name": "Y"}), 200, None),
    ),
    "a cached dict taken apart": Case(
        """
    from functools import lru_cache
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    @lru_cache
    def defaults(kind):
        return {"kind": kind, "width": 10, "height": 5, "unit": "cm"}
    @app.get("/defaults/<kind>")
    def show(kind):
        return jsonify(defaults(kind))
    @app.post("/boxes/<kind>")
    def box(kind):
        size = defaults(kind)
        unit = size.pop("unit")
        size.update(request.get_json() or {})
        return jsonify(text=f"{size['width']}x{size['height']} {unit}")
    """,
        Ask("POST", "/boxes/a", {}),
        200,
        {"text": "10x5 cm"},
        before=[Ask("POST", "/boxes/a", {"width": 3})],
        also=(Ask("POST", "/boxes/b", {}), 200, {"text": "10x5 cm"}),
    ),
    "a helper that changes what is looped over": Case(
        """
    import time
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    SESSIONS = {
        "a": {"user": "ann", "until": 5},
        "b": {"user": "bo", "until": 99999999999},
        "c": {"user": "cy", "until": 7},
    }

    def close(key):
        SESSIONS.pop(key, None)

    def active():
        now = time.time()
        for key in SESSIONS:
            if SESSIONS[key]["until"] < now:
                close(key)
            else:
                yield SESSIONS[key]["user"]

    @app.get("/sessions/{key}")
    def show(key: str):
        if key not in SESSIONS:
            raise HTTPException(404, "no such session")
        return SESSIONS[key]

    @app.get("/sessions")
    def index():
        return list(active())
    """,
        Ask("GET", "/sessions"),
        200,
        ["bo"],
    ),
    "a comprehension that changes what it goes over": Case(
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    QUEUE = {"j1": "done", "j2": "open", "j3": "done"}
    DONE = []

    def finish(job):
        DONE.append(job)
        return QUEUE.pop(job)

    @app.post("/sweep")
    def sweep():
        return jsonify(swept=[job for job, state in QUEUE.items() if state == "done" and finish(job)])

    @app.get("/jobs")
    def jobs():
        return jsonify(sorted(QUEUE))
    """,
        Ask("POST", "/sweep"),
        200,
        {"swept": ["j1", "j3"]},
        also=(Ask("GET", "/jobs"), 200, ["j1", "j2", "j3"]),
    ),
    "a list that shrinks under its indexes": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    SHELF = ["a", "old-b", "c", "old-d"]

    @app.get("/shelf")
    def show():
        return jsonify(SHELF)

    @app.post("/shelf/prune")
    def prune():
        '''Takes away all that is old.'''
        prefix = request.args.get("prefix", "old-")
        for i in range(len(SHELF)):
            if SHELF[i].startswith(prefix):
                del SHELF[i]
        return jsonify(SHELF)
    """,
        Ask("POST", "/shelf/prune"),
        200,
        ["a", "c"],
        also=(Ask("POST", "/shelf/prune?prefix=zz"), 200, ["a", "old-b", "c", "old-d"]),
    ),
    "a generator at the end of its source": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()

    def pairs(text):
        '''Two at a time.'''
        parts = iter(text.split(","))
        while True:
            yield next(parts), next(parts)

    def first(text):
        return next(iter(text.split(",")))

    @app.get("/pairs")
    def get_pairs(of: str):
        return [{"name": name, "value": value} for name, value in pairs(of)]

    @app.get("/first")
    def get_first(of: str):
        return {"first": first(of)}
    """,
        Ask("GET", "/pairs?of=a,1,b,2"),
        200,
        [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}],
        also=(Ask("GET", "/first?of=a,b"), 200, {"first": "a"}),
    ),
    "the header of an empty upload": Case(
        """
    import csv
    import io
    from fastapi import FastAPI, HTTPException, Request
    app = FastAPI()
    ROWS = []

    @app.get("/rows")
    def rows():
        return ROWS

    @app.post("/import")
    async def load(request: Request):
        text = (await request.body()).decode("utf-8", "replace")
        count = read(text)
        return {"rows": count}

    def read(text):
        reader = csv.reader(io.StringIO(text))
        header = next(reader)
        if "name" not in header:
            raise HTTPException(400, "column name is missing")
        found = [dict(zip(header, row)) for row in reader]
        ROWS.extend(found)
        return len(found)
    """,
        Ask("POST", "/import", content=b""),
        400,
        also=(Ask("POST", "/import", content=b"name,x\na,1\n"), 200, {"rows": 1}),
    ),
    "a search whose callers expect None": Case(
        """
    from flask import Flask, jsonify
    app = Flask(__name__)
    ROOMS = [{"id": 1, "beds": 2}, {"id": 2, "beds": 1}]
    GUESTS = [{"name": "ann", "room": 1}, {"name": "bo", "room": 7}]

    def room_by_id(room_id):
        return next(r for r in ROOMS if r["id"] == room_id)

    @app.get("/rooms/<int:room_id>")
    def room(room_id):
        found = room_by_id(room_id)
        if found is None:
            return jsonify(error="no such room"), 404
        return jsonify(found)

    @app.get("/guests/<name>")
    def guest(name):
        found = next((g for g in GUESTS if g["name"] == name), None)
        if found is None:
            return jsonify(error="no such guest"), 404
        return jsonify(found)
    """,
        Ask("GET", "/rooms/9"),
        404,
        {"error": "no such room"},
        also=(Ask("GET", "/rooms/1"), 200, {"id": 1, "beds": 2}),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)
