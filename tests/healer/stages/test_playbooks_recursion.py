"""Recursion without end: what was visited is remembered, too much is refused, a slip is put right."""

from __future__ import annotations

from typing import Any

import pytest

from .crashes import Ask
from .tables import Case, assert_healed

DEEP: Any = {"age": 19}
for _ in range(400):
    DEEP = {"and": [DEEP]}

CASES = {
    "a chain of parents that leads back": Case(
        """
    '''Departments. A department has at most one parent.'''
    from typing import Optional
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel

    app = FastAPI()

    class Department(BaseModel):
        id: int
        name: str
        parent_id: Optional[int] = None

    class Move(BaseModel):
        parent_id: Optional[int] = None

    DEPARTMENTS = {
        1: Department(id=1, name="Company"),
        2: Department(id=2, name="Sales", parent_id=1),
        3: Department(id=3, name="Inside sales", parent_id=2),
    }

    def department_or_404(department_id: int) -> Department:
        if department_id not in DEPARTMENTS:
            raise HTTPException(404, "department not found")
        return DEPARTMENTS[department_id]

    def ancestors(department: Department) -> list[str]:
        '''Names from the nearest parent up to the root.'''
        if department.parent_id is None:
            return []
        parent = DEPARTMENTS[department.parent_id]
        return [parent.name] + ancestors(parent)

    @app.get("/departments/{department_id}")
    def show(department_id: int):
        department = department_or_404(department_id)
        return {"name": department.name, "path": ancestors(department)}

    @app.put("/departments/{department_id}/parent")
    def move(department_id: int, body: Move):
        department = department_or_404(department_id)
        if body.parent_id is not None:
            department_or_404(body.parent_id)
        department.parent_id = body.parent_id
        return {"id": department.id, "parent_id": department.parent_id}
    """,
        Ask("GET", "/departments/3"),
        200,
        {"name": "Inside sales", "path": ["Sales", "Company"]},
        before=[Ask("PUT", "/departments/1/parent", {"parent_id": 3})],
        also=(Ask("GET", "/departments/3"), 200, {"name": "Inside sales", "path": ["Sales", "Company"]}),
    ),
    "a tree that holds itself": Case(
        """
    from flask import Flask, jsonify, request, abort
    app = Flask(__name__)
    CATEGORIES = {
        "all": {"name": "All", "children": ["food", "tools"]},
        "food": {"name": "Food", "children": ["fruit"]},
        "fruit": {"name": "Fruit", "children": []},
        "tools": {"name": "Tools", "children": []},
    }

    def tree(slug):
        category = CATEGORIES[slug]
        return {
            "slug": slug,
            "name": category["name"],
            "children": [tree(child) for child in category["children"]],
        }

    @app.get("/categories/<slug>")
    def show(slug):
        if slug not in CATEGORIES:
            return jsonify(error="no such category"), 404
        return jsonify(tree(slug))

    @app.post("/categories/<slug>/children")
    def link(slug):
        child = (request.get_json() or {}).get("child")
        if slug not in CATEGORIES or child not in CATEGORIES:
            return jsonify(error="no such category"), 404
        CATEGORIES[slug]["children"].append(child)
        return jsonify(slug=slug, child=child), 201
    """,
        Ask("GET", "/categories/all"),
        200,
        before=[Ask("POST", "/categories/fruit/children", {"child": "food"})],
        also=(
            Ask("GET", "/categories/food"),
            200,
            {"slug": "food", "name": "Food", "children": [{"slug": "fruit", "name": "Fruit", "children": []}]},
        ),
    ),
    "a total over what holds itself": Case(
        """
    '''Bills of material. A part that contains itself has no cost: 409.'''
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    PARTS = {
        "bolt": {"cost": 2, "uses": {}},
        "frame": {"cost": 10, "uses": {"bolt": 8}},
        "bike": {"cost": 100, "uses": {"frame": 1}},
    }

    class Use(BaseModel):
        part: str
        count: int = 1

    def cost_of(name: str) -> int:
        part = PARTS[name]
        total = part["cost"]
        for used, count in part["uses"].items():
            total += count * cost_of(used)
        return total

    @app.get("/parts/{name}/cost")
    def cost(name: str):
        if name not in PARTS:
            raise HTTPException(404, "no such part")
        return {"name": name, "cost": cost_of(name)}

    @app.post("/parts/{name}/uses", status_code=201)
    def use(name: str, body: Use):
        if name not in PARTS or body.part not in PARTS:
            raise HTTPException(404, "no such part")
        if body.part in PARTS[name]["uses"]:
            raise HTTPException(409, "part is used already")
        PARTS[name]["uses"][body.part] = body.count
        return PARTS[name]
    """,
        Ask("GET", "/parts/bike/cost"),
        409,
        before=[Ask("POST", "/parts/bolt/uses", {"part": "bike"})],
        also=(Ask("GET", "/parts/bike/cost"), 200, {"name": "bike", "cost": 126}),
    ),
    "a property that asks itself": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()

    class Account:
        def __init__(self, owner, balance):
            self._owner = owner
            self._balance = balance
            self._limit = 100

        @property
        def owner(self):
            return self._owner

        @property
        def balance(self):
            return self._balance

        @property
        def limit(self):
            return self.limit

        def can_pay(self, amount):
            return self.balance >= amount

    ACCOUNTS = {"ann": Account("ann", 20)}

    @app.get("/accounts/{owner}")
    def show(owner: str, full: bool = False):
        if owner not in ACCOUNTS:
            raise HTTPException(404, "no such account")
        account = ACCOUNTS[owner]
        answer = {"owner": account.owner, "balance": account.balance}
        if full:
            answer["limit"] = account.limit
        return answer
    """,
        Ask("GET", "/accounts/ann?full=1"),
        200,
        {"owner": "ann", "balance": 20, "limit": 100},
        also=(Ask("GET", "/accounts/ann"), 200, None),
    ),
    "a setter that sets itself": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)

    class Thermostat:
        def __init__(self):
            self._target = 20.0
        @property
        def target(self):
            return self._target
        @target.setter
        def target(self, value):
            if not 5 <= value <= 30:
                raise ValueError("target out of range")
            self.target = value

    ROOMS = {"hall": Thermostat()}

    @app.get("/rooms/<name>")
    def show(name):
        if name not in ROOMS:
            return jsonify(error="no such room"), 404
        return jsonify(target=ROOMS[name].target)

    @app.put("/rooms/<name>")
    def put(name):
        if name not in ROOMS:
            return jsonify(error="no such room"), 404
        try:
            ROOMS[name].target = float(request.get_json()["target"])
        except (KeyError, ValueError) as err:
            return jsonify(error=str(err)), 400
        return jsonify(target=ROOMS[name].target)
    """,
        Ask("PUT", "/rooms/hall", {"target": 22}),
        200,
        {"target": 22.0},
        also=(Ask("GET", "/rooms/hall"), 200, {"target": 20.0}),
    ),
    "an attribute looked up in a copy": Case(
        """
    import copy
    from fastapi import FastAPI, HTTPException
    app = FastAPI()

    class Settings:
        def __init__(self, values):
            self._values = dict(values)

        def __getattr__(self, name):
            if name in self._values:
                return self._values[name]
            raise AttributeError(name)

    THEMES = {
        "dark": Settings({"ink": "white", "paper": "black"}),
        "light": Settings({"ink": "black", "paper": "white"}),
    }

    @app.get("/themes/{name}")
    def show(name: str):
        if name not in THEMES:
            raise HTTPException(404, "no such theme")
        theme = THEMES[name]
        return {"ink": theme.ink, "paper": theme.paper}

    @app.post("/themes/{name}/copy", status_code=201)
    def duplicate(name: str, to: str):
        if name not in THEMES:
            raise HTTPException(404, "no such theme")
        THEMES[to] = copy.copy(THEMES[name])
        return {"ink": THEMES[to].ink, "paper": THEMES[to].paper}
    """,
        Ask("POST", "/themes/dark/copy?to=mine"),
        201,
        {"ink": "white", "paper": "black"},
        also=(Ask("GET", "/themes/light"), 200, {"ink": "black", "paper": "white"}),
    ),
    "a number beyond the base case": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()

    def ways(steps: int) -> int:
        '''Ways to climb a staircase taking one, two or three steps at a time.'''
        if steps == 0:
            return 1
        return ways(steps - 1) + (ways(steps - 2) if steps > 1 else 0)

    def handshake(rounds: int) -> list[str]:
        '''Turns of two players who move alternately, two at a time.'''
        if rounds == 0:
            return []
        return ["first", "second"] + handshake(rounds - 2)

    @app.get("/ways")
    def get_ways(steps: int):
        if steps > 20:
            raise HTTPException(422, "steps must be at most 20")
        return {"ways": ways(steps)}

    @app.get("/turns")
    def turns(rounds: int):
        if rounds > 20:
            raise HTTPException(422, "rounds must be at most 20")
        return {"turns": handshake(rounds)}
    """,
        Ask("GET", "/ways?steps=-1"),
        422,
        also=(Ask("GET", "/ways?steps=3"), 200, None),
    ),
    "names that stand for each other": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    LINKS = {"home": "https://example.org", "start": "@home"}

    class LinkError(Exception):
        status = 400
        def __init__(self, message, status=400):
            super().__init__(message)
            self.message, self.status = message, status

    @app.errorhandler(LinkError)
    def on_error(err):
        return jsonify(error=err.message), err.status

    def resolve(name):
        '''The address a link leads to; "@other" leads on to another link.'''
        if name not in LINKS:
            raise LinkError(f"no link {name}", 404)
        target = LINKS[name]
        if target.startswith("@"):
            return resolve(target[1:])
        return target

    @app.get("/go/<name>")
    def go(name):
        return jsonify(url=resolve(name))

    @app.put("/links/<name>")
    def put(name):
        target = request.get_json().get("target", "")
        if not target:
            raise LinkError("target is required")
        LINKS[name] = target
        return jsonify(name=name), 201
    """,
        Ask("GET", "/go/a"),
        409,
        before=[Ask("PUT", "/links/a", {"target": "@b"}), Ask("PUT", "/links/b", {"target": "@a"})],
        also=(Ask("GET", "/go/start"), 200, {"url": "https://example.org"}),
    ),
    "a method of objects that know each other": Case(
        {
            "graph.py": """
    class Page:
        def __init__(self, slug, title):
            self.slug, self.title = slug, title
            self.links = []

        def reachable(self):
            '''Slugs of this page and all that can be reached from it.'''
            found = {self.slug}
            for page in self.links:
                found |= page.reachable()
            return found

    PAGES = {}

    def page(slug, title):
        PAGES[slug] = Page(slug, title)
        return PAGES[slug]
    """,
            "app.py": """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    from graph import PAGES, page

    app = FastAPI()
    page("a", "A"); page("b", "B"); page("c", "C")

    class Link(BaseModel):
        to: str

    @app.post("/pages/{slug}/links", status_code=201)
    def link(slug: str, body: Link):
        if slug not in PAGES or body.to not in PAGES:
            raise HTTPException(404, "page not found")
        PAGES[slug].links.append(PAGES[body.to])
        return {"from": slug, "to": body.to}

    @app.get("/pages/{slug}/reachable")
    def reachable(slug: str):
        if slug not in PAGES:
            raise HTTPException(404, "page not found")
        return sorted(PAGES[slug].reachable())
    """,
        },
        Ask("GET", "/pages/b/reachable"),
        200,
        ["a", "b", "c"],
        before=[
            Ask("POST", "/pages/a/links", {"to": "b"}),
            Ask("POST", "/pages/b/links", {"to": "c"}),
            Ask("POST", "/pages/c/links", {"to": "a"}),
        ],
    ),
    "two functions that call each other": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    PEOPLE = {
        1: {"name": "Ann", "reports": [2, 3]},
        2: {"name": "Bo", "reports": []},
        3: {"name": "Cy", "reports": [4]},
        4: {"name": "Di", "reports": []},
    }

    def team(person_id):
        return [person(other) for other in PEOPLE[person_id]["reports"]]

    def person(person_id):
        return {"id": person_id, "name": PEOPLE[person_id]["name"], "team": team(person_id)}

    @app.get("/people/<int:person_id>/chart")
    def chart(person_id):
        if person_id not in PEOPLE:
            return jsonify(error="no such person"), 404
        return jsonify(person(person_id))

    @app.put("/people/<int:person_id>/reports/<int:other>")
    def add(person_id, other):
        if person_id not in PEOPLE or other not in PEOPLE:
            return jsonify(error="no such person"), 404
        PEOPLE[person_id]["reports"].append(other)
        return "", 204
    """,
        Ask("GET", "/people/3/chart"),
        200,
        before=[Ask("PUT", "/people/4/reports/1")],
    ),
    "a generator that walks in circles": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    TASKS = {"deploy": ["build", "test"], "build": ["fetch"], "test": ["build"], "fetch": []}

    def walk(task):
        '''The tasks that must run before, each after those it needs.'''
        for needed in TASKS.get(task, []):
            yield from walk(needed)
            yield needed

    @app.get("/tasks/<task>/plan")
    def plan(task):
        if task not in TASKS:
            return jsonify(error="unknown task"), 404
        return jsonify(list(dict.fromkeys(walk(task))))

    @app.put("/tasks/<task>")
    def put(task):
        TASKS[task] = request.get_json()["needs"]
        return jsonify(TASKS[task])
    """,
        Ask("GET", "/tasks/deploy/plan"),
        200,
        ["test", "fetch", "build"],
        before=[Ask("PUT", "/tasks/fetch", {"needs": ["test"]})],
        also=(Ask("GET", "/tasks/deploy/plan"), 200, ["fetch", "build", "test"]),
    ),
    "a method that calls itself for its base class's": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    class Shape:
        def __init__(self, name): self.name = name
        def describe(self):
            return {"name": self.name}
        def area(self):
            return 0
    class Square(Shape):
        def __init__(self, name, side):
            super().__init__(name)
            self.side = side
        def describe(self):
            return super().describe() | {"side": self.side}
    class Circle(Shape):
        def __init__(self, name, radius):
            super().__init__(name)
            self.radius = radius
        def describe(self):
            return self.describe() | {"radius": self.radius}
    SHAPES = {"sq": Square("sq", 2), "ci": Circle("ci", 1)}

    @app.get("/shapes/{name}")
    def show(name: str):
        if name not in SHAPES:
            raise HTTPException(404, "no such shape")
        return SHAPES[name].describe()
    """,
        Ask("GET", "/shapes/ci"),
        200,
        {"name": "ci", "radius": 1},
        also=(Ask("GET", "/shapes/sq"), 200, {"name": "sq", "side": 2}),
    ),
    "a thread of replies to replies": Case(
        """
    '''Comments of a blog, as threads.'''
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    COMMENTS = {1: {"id": 1, "text": "first", "reply_to": None}, 2: {"id": 2, "text": "re", "reply_to": 1}}

    def replies(comment_id):
        found = []
        for comment in COMMENTS.values():
            if comment["reply_to"] == comment_id:
                found.append({"id": comment["id"], "text": comment["text"], "replies": replies(comment["id"])})
        return found

    @app.get("/comments/<int:comment_id>")
    def thread(comment_id):
        if comment_id not in COMMENTS:
            return jsonify(error="no such comment"), 404
        comment = COMMENTS[comment_id]
        return jsonify(id=comment_id, text=comment["text"], replies=replies(comment_id))

    @app.patch("/comments/<int:comment_id>")
    def move(comment_id):
        if comment_id not in COMMENTS:
            return jsonify(error="no such comment"), 404
        COMMENTS[comment_id]["reply_to"] = request.get_json()["reply_to"]
        return jsonify(COMMENTS[comment_id])
    """,
        Ask("GET", "/comments/1"),
        200,
        before=[Ask("PATCH", "/comments/1", {"reply_to": 2})],
        also=(
            Ask("GET", "/comments/1"),
            200,
            {"id": 1, "text": "first", "replies": [{"id": 2, "text": "re", "replies": []}]},
        ),
    ),
    "a function inside a handler": Case(
        """
    from fastapi import FastAPI, HTTPException
    app = FastAPI()
    EDGES = {"a": ["b"], "b": ["c"], "c": []}

    @app.post("/edges/{one}/{other}")
    def connect(one: str, other: str):
        if one not in EDGES or other not in EDGES:
            raise HTTPException(404, "no such node")
        EDGES[one].append(other)
        return EDGES[one]

    @app.get("/nodes/{start}/reach")
    def reach(start: str):
        if start not in EDGES:
            raise HTTPException(404, "no such node")
        found = []

        def visit(node):
            for other in EDGES[node]:
                found.append(other)
                visit(other)

        visit(start)
        return {"reach": sorted(set(found))}
    """,
        Ask("GET", "/nodes/a/reach"),
        200,
        {"reach": ["b", "c"]},
        before=[Ask("POST", "/edges/c/a")],
        also=(Ask("GET", "/nodes/a/reach"), 200, {"reach": ["b", "c"]}),
    ),
    "settings that extend themselves": Case(
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    PROFILES = {
        "base": {"values": {"lang": "en"}, "extends": None},
        "de": {"values": {"lang": "de"}, "extends": "base"},
    }

    class Profile(BaseModel):
        values: dict[str, str] = {}
        extends: str | None = None

    def resolved(name: str) -> dict[str, str]:
        profile = PROFILES[name]
        if profile["extends"] is None:
            return dict(profile["values"])
        return resolved(profile["extends"]) | profile["values"]

    @app.get("/profiles/{name}")
    def show(name: str):
        if name not in PROFILES:
            raise HTTPException(404, "no such profile")
        return resolved(name)

    @app.put("/profiles/{name}")
    def put(name: str, body: Profile):
        if body.extends is not None and body.extends not in PROFILES and body.extends != name:
            raise HTTPException(422, "unknown base profile")
        PROFILES[name] = body.model_dump()
        return PROFILES[name]
    """,
        Ask("GET", "/profiles/x"),
        200,
        {"a": "1"},
        before=[Ask("PUT", "/profiles/x", {"values": {"a": "1"}, "extends": "x"})],
        also=(Ask("GET", "/profiles/de"), 200, {"lang": "de"}),
    ),
    "a chain that the request would close": Case(
        """
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel
    app = FastAPI()
    FOLDERS = {1: {"name": "root", "parent": None}, 2: {"name": "docs", "parent": 1}, 3: {"name": "old", "parent": 2}}
    MAX_DEPTH = 5

    class Move(BaseModel):
        parent: int

    def depth(folder_id: int) -> int:
        parent = FOLDERS[folder_id]["parent"]
        return 1 if parent is None else 1 + depth(parent)

    @app.get("/folders/{folder_id}")
    def show(folder_id: int):
        if folder_id not in FOLDERS:
            raise HTTPException(404, "no such folder")
        return FOLDERS[folder_id] | {"depth": depth(folder_id)}

    @app.post("/folders/{folder_id}/move")
    def move(folder_id: int, body: Move):
        if folder_id not in FOLDERS or body.parent not in FOLDERS:
            raise HTTPException(404, "no such folder")
        before = FOLDERS[folder_id]["parent"]
        FOLDERS[folder_id]["parent"] = body.parent
        if depth(folder_id) > MAX_DEPTH:
            FOLDERS[folder_id]["parent"] = before
            raise HTTPException(400, "too deep")
        return FOLDERS[folder_id]
    """,
        Ask("POST", "/folders/1/move", {"parent": 3}),
        409,
        {"detail": "folder would lead back to itself"},
        also=(Ask("POST", "/folders/3/move", {"parent": 1}), 200, None),
    ),
    "a graph that the request would close": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)
    COURSES = {"alg1": [], "alg2": ["alg1"], "stat": ["alg2"]}

    def needed(course):
        '''All courses that must be passed before.'''
        found = set()
        for other in COURSES[course]:
            found |= {other} | needed(other)
        return found

    @app.get("/courses/<course>")
    def show(course):
        if course not in COURSES:
            return jsonify(error="no such course"), 404
        return jsonify(course=course, needed=sorted(needed(course)))

    @app.put("/courses/<course>/requires")
    def require(course):
        if course not in COURSES:
            return jsonify(error="no such course"), 404
        wanted = request.get_json()
        if not isinstance(wanted, list) or not all(w in COURSES for w in wanted):
            return jsonify(error="a list of courses is required"), 400
        if course in wanted:
            return jsonify(error="a course cannot require itself"), 409
        COURSES[course] = list(wanted)
        return jsonify(course=course, needed=sorted(needed(course)))
    """,
        Ask("PUT", "/courses/alg1/requires", ["stat"]),
        409,
        {"error": "a course cannot require itself"},
        also=(Ask("PUT", "/courses/stat/requires", ["alg1"]), 200, {"course": "stat", "needed": ["alg1"]}),
    ),
    "a query that is nested too deeply": Case(
        """
    from flask import Flask, jsonify, request
    app = Flask(__name__)

    class BadQuery(Exception):
        pass

    @app.errorhandler(BadQuery)
    def bad_query(err):
        return jsonify(error=str(err)), 400

    USERS = [{"name": "ann", "age": 31}, {"name": "bo", "age": 19}]

    def matches(query, user):
        if not isinstance(query, dict) or len(query) != 1:
            raise BadQuery("a query is an object with one key")
        key, value = next(iter(query.items()))
        if key == "not":
            return not matches(value, user)
        if key == "and":
            return all(matches(part, user) for part in value)
        if key not in user:
            raise BadQuery(f"unknown field {key}")
        return user[key] == value

    @app.post("/search")
    def search():
        query = request.get_json(silent=True)
        return jsonify([u["name"] for u in USERS if matches(query, u)])
    """,
        Ask("POST", "/search", DEEP),
        400,
        {"error": "query is nested too deeply"},
        also=(Ask("POST", "/search", {"not": {"name": "ann"}}), 200, ["bo"]),
    ),
    "what can be reached from a thing, without itself": Case(
        """
    from flask import Flask, jsonify

    app = Flask(__name__)
    STOPS = {"a": {"b"}, "b": {"c"}, "c": set()}

    def reachable(stop):
        found = set()
        for other in STOPS[stop]:
            found.add(other)
            found |= reachable(other)
        return found

    @app.put("/stops/<stop>/next/<other>")
    def link(stop, other):
        STOPS[stop].add(other)
        return "", 204

    @app.get("/stops/<stop>")
    def show(stop):
        if stop not in STOPS:
            return jsonify(error="no such stop"), 404
        return jsonify(sorted(reachable(stop)))
    """,
        Ask("GET", "/stops/b"),
        200,
        ["a", "c"],
        before=[Ask("PUT", "/stops/c/next/a")],
        also=(Ask("GET", "/stops/a"), 200, ["b", "c"]),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_first_that_works_is_right(case: Case) -> None:
    assert_healed(case)
