"""Coroutines, asynchronous loops and contexts: awaited where they must be, and nowhere else."""

from __future__ import annotations

import pytest

from .crashes import Ask
from .tables import Case, assert_healed

CASES = {
    "a coroutine of another module": Case(
        {
            "store.py": """
    ITEMS = {1: {"id": 1, "name": "cup", "shelf": 4}}
    SHELVES = {4: {"id": 4, "room": "east"}}
    async def find_item(item_id):
        return ITEMS.get(item_id)
    async def find_shelf(shelf_id):
        return SHELVES.get(shelf_id)
    async def shelf_of(item):
        shelf = find_shelf(item["shelf"])
        return shelf["room"]
    """,
            "app.py": """
    from fastapi import FastAPI, HTTPException
    import store
    app = FastAPI()
    @app.get("/items/{item_id}")
    async def show(item_id: int, where: bool = False):
        item = await store.find_item(item_id)
        if item is None:
            raise HTTPException(404, "no such item")
        if where:
            return item | {"room": await store.shelf_of(item)}
        return item
    """,
        },
        Ask("GET", "/items/1?where=1"),
        200,
        {"id": 1, "name": "cup", "shelf": 4, "room": "east"},
        also=(Ask("GET", "/items/1"), 200, None),
    ),
    "a plain loop over an asynchronous generator": Case(
        """
    from fastapi import FastAPI
    app = FastAPI()
    EVENTS = [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}]
    async def events(kind=None):
        for event in EVENTS:
            if kind is None or event["kind"] == kind:
                yield event
    @app.get("/events")
    async def index():
        return [e async for e in events()]
    @app.get("/events/{kind}/total")
    async def total(kind: str):
        total = 0
        for event in events(kind):
            total += event["n"]
        return {"total": total}
    @app.get("/events/{kind}")
    async def by_kind(kind: str):
        return list(events(kind))
    """,
        Ask("GET", "/events/b/total"),
        200,
        {"total": 2},
        also=(Ask("GET", "/events"), 200, None),
    ),
    "a list of an asynchronous generator": Case(
        """
    from fastapi import FastAPI
    app = FastAPI()
    EVENTS = [{"kind": "a", "n": 1}, {"kind": "b", "n": 2}]
    async def events(kind=None):
        for event in EVENTS:
            if kind is None or event["kind"] == kind:
                yield event
    @app.get("/events")
    async def index():
        return [e async for e in events()]
    @app.get("/events/{kind}/total")
    async def total(kind: str):
        total = 0
        for event in events(kind):
            total += event["n"]
        return {"total": total}
    @app.get("/events/{kind}")
    async def by_kind(kind: str):
        return list(events(kind))
    """,
        Ask("GET", "/events/a"),
        200,
        [{"kind": "a", "n": 1}],
        also=(Ask("GET", "/events"), 200, None),
    ),
    "an await of a plain method": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    class Cache:
        def __init__(self): self.data = {}
        def get(self, key): return self.data.get(key)
        async def put(self, key, value): self.data[key] = value
        def drop(self, key):
            self.data.pop(key, None)
    cache = Cache()
    @app.put("/cache/{key}")
    async def put(key: str, value: str):
        await cache.put(key, value)
        return {"value": value}
    @app.get("/cache/{key}")
    async def get(key: str):
        value = cache.get(key)
        if value is None:
            raise HTTPException(404, "nothing there")
        return {"value": value}
    @app.delete("/cache/{key}")
    async def drop(key: str):
        await cache.drop(key)
        return {"dropped": key}
    """,
        Ask("DELETE", "/cache/a"),
        200,
        {"dropped": "a"},
        before=[Ask("PUT", "/cache/a?value=1")],
    ),
    "an await of one handler of many": Case(
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    class Message(BaseModel):
        to: str
        text: str
    async def by_mail(message): return f"mail to {message.to}"
    async def by_sms(message): return f"sms to {message.to}"
    def by_post(message): return f"letter to {message.to}"
    CHANNELS = {"mail": by_mail, "sms": by_sms, "post": by_post}
    @app.post("/send/{channel}")
    async def send(channel: str, body: Message):
        if channel not in CHANNELS:
            raise HTTPException(404, "no such channel")
        return {"sent": await CHANNELS[channel](body)}
    """,
        Ask("POST", "/send/post", {"to": "ann", "text": "hi"}),
        200,
        {"sent": "letter to ann"},
        also=(Ask("POST", "/send/mail", {"to": "ann", "text": "hi"}), 200, {"sent": "mail to ann"}),
    ),
    "a plain handler of a coroutine": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    USERS = {"ann": {"name": "Ann", "roles": ["admin"]}}
    async def load(login):
        return USERS.get(login)
    @app.get("/users/{login}")
    async def show(login: str):
        user = await load(login)
        if user is None:
            raise HTTPException(404, "no such user")
        return user
    @app.get("/users/{login}/roles")
    def roles(login: str):
        user = load(login)
        if user is None:
            raise HTTPException(404, "no such user")
        return user["roles"]
    """,
        Ask("GET", "/users/ann/roles"),
        200,
        ["admin"],
        also=(Ask("GET", "/users/ann"), 200, None),
    ),
    "a second event loop": Case(
        """
    import asyncio
    from fastapi import FastAPI
    app = FastAPI()
    async def rate(code): return {"eur": 1.1}.get(code, 1.0)
    @app.get("/rates/{code}")
    def one(code: str):
        return {"rate": asyncio.run(rate(code))}
    @app.get("/convert/{code}")
    async def convert(code: str, amount: float):
        return {"amount": amount * asyncio.run(rate(code))}
    """,
        Ask("GET", "/convert/eur?amount=10"),
        200,
        {"amount": 11.0},
        also=(Ask("GET", "/rates/eur"), 200, {"rate": 1.1}),
    ),
    "a plain with of an asynchronous context": Case(
        """
    from contextlib import asynccontextmanager, contextmanager
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    STOCK = {"tea": 3}
    @asynccontextmanager
    async def locked(name):
        yield STOCK
    @app.get("/stock")
    async def stock():
        async with locked("all") as stock:
            return stock
    @app.post("/stock/{name}/take")
    async def take(name: str):
        with locked(name) as stock:
            if name not in stock:
                raise HTTPException(404, "no such article")
            stock[name] -= 1
            return {"left": stock[name]}
    """,
        Ask("POST", "/stock/tea/take"),
        200,
        {"left": 2},
        also=(Ask("GET", "/stock"), 200, {"tea": 3}),
    ),
    "coroutines in a generator expression": Case(
        """
    from fastapi import FastAPI
    app = FastAPI()
    SCORES = {"a": 3, "b": 5}
    async def score(name): return SCORES.get(name, 0)
    @app.get("/score/{name}")
    async def one(name: str):
        return {"score": await score(name)}
    @app.get("/best")
    async def best():
        scores = {name: score(name) for name in SCORES}
        return {"best": max(scores, key=scores.get)}
    @app.get("/sum")
    async def total():
        return {"sum": sum(score(name) for name in SCORES)}
    """,
        Ask("GET", "/sum"),
        200,
        {"sum": 8},
        also=(Ask("GET", "/score/a"), 200, {"score": 3}),
    ),
    "a plain helper of asynchronous handlers": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    USERS = {"ann": {"name": "Ann", "team": "red"}}
    async def load(login):
        return USERS.get(login)
    def team_of(login):
        user = load(login)
        return user["team"]
    @app.get("/users/{login}")
    async def show(login: str):
        user = await load(login)
        if user is None:
            raise HTTPException(404, "no such user")
        return user
    @app.get("/users/{login}/team")
    async def team(login: str):
        if await load(login) is None:
            raise HTTPException(404, "no such user")
        return {"team": team_of(login)}
    """,
        Ask("GET", "/users/ann/team"),
        200,
        {"team": "red"},
        also=(Ask("GET", "/users/ann"), 200, None),
    ),
    "a coroutine that may find nothing": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    SHIFTS = {"mon": {"lead": "ann", "deputy": "bo"}, "tue": {"lead": "zed", "deputy": "cy"}}

    class Worker:
        def __init__(self, name, sick=False):
            self.name, self.sick = name, sick

    WORKERS = {"ann": Worker("Ann", True), "bo": Worker("Bo"), "cy": Worker("Cy")}

    async def worker(login: str) -> Worker | None:
        return WORKERS.get(login)

    @app.get("/workers/{login}")
    async def show(login: str):
        found = await worker(login)
        if found is None:
            raise HTTPException(404, "no such worker")
        return {"name": found.name}

    @app.get("/shifts/{day}/contact")
    async def contact(day: str):
        '''Who to call: the lead, or the deputy while the lead is away.'''
        if day not in SHIFTS:
            raise HTTPException(404, "no such day")
        lead = worker(SHIFTS[day]["lead"])
        if not lead.sick:
            return {"call": lead.name}
        return {"call": SHIFTS[day]["deputy"]}
    """,
        Ask("GET", "/shifts/mon/contact"),
        200,
        {"call": "bo"},
        also=(Ask("GET", "/shifts/tue/contact"), 200, {"call": "cy"}),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)
