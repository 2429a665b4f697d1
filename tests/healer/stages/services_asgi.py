"""Plain ASGI services with crashes in them: one sends its refusals, one raises errors that its `app` answers."""

from __future__ import annotations

SENDING = '''
    import json
    from urllib.parse import parse_qsl

    class Request:
        def __init__(self, scope, body):
            self.scope = scope
            self.method = scope["method"]
            self.path = scope["path"]
            self.query = dict(parse_qsl(scope["query_string"].decode()))
            self.headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
            self.body = body

        def json(self):
            return json.loads(self.body)

    async def respond(send, status, payload):
        body = json.dumps(payload).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    class App:
        def __init__(self):
            self.routes = {}
            self.notes = {1: {"id": 1, "text": "hello", "tags": "a,b"}, 2: {"id": 2, "text": "x", "tags": ""}}

        def route(self, method, path):
            def register(handler):
                self.routes[(method, path)] = handler
                return handler
            return register

        async def __call__(self, scope, receive, send):
            if scope["type"] != "http":
                return
            body = b""
            more = True
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            request = Request(scope, body)
            handler = self.routes.get((request.method, request.path))
            if handler is None:
                await respond(send, 404, {"error": "not found"})
                return
            await handler(request, send)

    app = App()

    @app.route("GET", "/note")
    async def show(request, send):
        if "id" not in request.query:
            await respond(send, 400, {"error": "id is required"})
            return
        note = app.notes.get(int(request.query["id"]))
        if note is None:
            await respond(send, 404, {"error": "no such note"})
            return
        await respond(send, 200, note)

    @app.route("GET", "/tag")
    async def tag(request, send):
        """First tag of the note, null when it has none."""
        note = app.notes.get(int(request.query.get("id", "1")))
        await respond(send, 200, {"tag": note["tags"].split(",")[0] or None})

    @app.route("POST", "/notes")
    async def add(request, send):
        data = request.json()
        if not isinstance(data, dict) or not data.get("text"):
            await respond(send, 400, {"error": "text is required"})
            return
        number = max(app.notes) + 1
        app.notes[number] = {"id": number, "text": data["text"], "tags": ",".join(data["tags"])}
        await respond(send, 201, app.notes[number])

    @app.route("POST", "/login")
    async def login(request, send):
        scheme, token = request.headers["authorization"].split(" ")
        if scheme.lower() != "bearer" or token != "t":
            await respond(send, 401, {"error": "bad token"})
            return
        await respond(send, 200, {"ok": True})

    @app.route("GET", "/share")
    async def share(request, send):
        parts = request.query.get("parts", "1")
        if not parts.isdigit():
            await respond(send, 400, {"error": "parts must be a number"})
            return
        await respond(send, 200, {"share": 100 / int(parts)})
'''

RAISING = {
    "errors.py": '''
        class Problem(Exception):
            """Something the client did wrong."""

        class NotFound(Problem):
            pass
    ''',
    "store.py": """
        from errors import NotFound

        ROOMS = {"a": {"name": "a", "seats": 4, "dates": ["2024-01-02"]}}

        def room(name):
            if name not in ROOMS:
                raise NotFound(f"no room {name}")
            return ROOMS[name]

        def book(name, day):
            ROOMS[name]["dates"].append(day)
            return len(ROOMS[name]["dates"])
    """,
    "parsing.py": """
        from datetime import date
        from errors import Problem

        def parse_count(text):
            if not text:
                raise Problem("count is required")
            return int(text)

        def parse_day(text):
            return date.fromisoformat(text)

        def span(text):
            first, last = text.split("..")
            return first, last
    """,
    "main.py": """
        import json
        from urllib.parse import parse_qs
        import parsing
        import store
        from errors import NotFound, Problem

        def show(name):
            return store.room(name)

        def share(name, query):
            room = store.room(name)
            count = parsing.parse_count(query.get("count", [""])[0])
            return {"each": room["seats"] / count}

        def book(name, data):
            day = parsing.parse_day(data["day"])
            return {"booked": store.book(name, day.isoformat())}

        def between(query):
            first, last = parsing.span(query["span"][0])
            return {"rooms": [r["name"] for r in store.ROOMS.values() if any(first <= d <= last for d in r["dates"])]}

        async def body_of(receive):
            raw = b""
            while True:
                message = await receive()
                raw += message.get("body", b"")
                if not message.get("more_body"):
                    return raw

        async def handle(scope, receive):
            method, parts = scope["method"], scope["path"].strip("/").split("/")
            query = parse_qs(scope["query_string"].decode())
            if method == "GET" and parts == ["rooms"]:
                return between(query)
            if method == "GET" and len(parts) == 2 and parts[0] == "rooms":
                return show(parts[1])
            if method == "GET" and len(parts) == 3 and parts[2] == "share":
                return share(parts[1], query)
            if method == "POST" and len(parts) == 3 and parts[2] == "bookings":
                return book(parts[1], json.loads(await body_of(receive)))
            raise NotFound("not found")

        async def app(scope, receive, send):
            if scope["type"] != "http":
                return
            try:
                status, payload = 200, await handle(scope, receive)
            except NotFound as error:
                status, payload = 404, {"error": str(error)}
            except Problem as error:
                status, payload = 400, {"error": str(error)}
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": json.dumps(payload).encode()})
    """,
}
