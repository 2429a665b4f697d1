"""A Starlette and a FastAPI service with crashes in them: middlewares, dependencies, models."""

from __future__ import annotations

STARLETTE = '''
    import json
    from datetime import date
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.responses import JSONResponse, PlainTextResponse
    from starlette.routing import Route

    TASKS = {"1": {"id": "1", "title": "wash", "due": "2024-05-01", "who": "ann"}}
    PEOPLE = {"ann": {"mail": "ann@x"}}
    TENANTS = {"t1": "One", "t2": "Two"}

    def oops(message, status):
        return JSONResponse({"error": message}, status_code=status)

    class TenantMiddleware(BaseHTTPMiddleware):
        async def dispatch(self, request, call_next):
            if request.url.path == "/health":
                return await call_next(request)
            tenant = request.headers["x-tenant"]
            if tenant not in TENANTS:
                return oops("unknown tenant", 403)
            request.state.tenant = TENANTS[tenant]
            return await call_next(request)

    async def health(request):
        return PlainTextResponse("ok")

    async def show(request):
        task = TASKS.get(request.path_params["id"])
        if task is None:
            return oops("no such task", 404)
        return JSONResponse({"tenant": request.state.tenant, "title": task["title"]})

    async def due(request):
        """Days until the task is due; null when it has no date."""
        task = TASKS.get(request.path_params["id"])
        if task is None:
            return oops("no such task", 404)
        today = date.fromisoformat(request.query_params.get("today", "2024-04-30"))
        return JSONResponse({"days": (date.fromisoformat(task["due"]) - today).days})

    async def mail(request):
        task = TASKS.get(request.path_params["id"])
        return JSONResponse({"mail": PEOPLE.get(task["who"], {}).get("mail")})

    async def add(request):
        data = await request.json()
        if not data.get("title"):
            return oops("title is required", 400)
        number = str(len(TASKS) + 1)
        TASKS[number] = {"id": number, "title": data["title"], "due": data.get("due"), "who": data["who"]}
        return JSONResponse(TASKS[number], status_code=201)

    app = Starlette(
        routes=[
            Route("/health", health),
            Route("/tasks", add, methods=["POST"]),
            Route("/tasks/{id}", show),
            Route("/tasks/{id}/due", due),
            Route("/tasks/{id}/mail", mail),
        ],
        middleware=[Middleware(TenantMiddleware)],
    )
'''

FASTAPI = {
    "store.py": """
        class Missing(LookupError):
            def __init__(self, what):
                super().__init__(f"{what} not found")
                self.what = what

        class Db:
            def __init__(self):
                self.trips = {"t1": {"id": "t1", "driver": "d1", "stops": ["a", "b"], "km": 12.5}}
                self.drivers = {"d1": {"name": "Ann", "phone": {"home": "1"}}}

            def trip(self, trip_id):
                if trip_id not in self.trips:
                    raise Missing("trip")
                return self.trips[trip_id]

            def driver(self, driver_id):
                return self.drivers[driver_id]
    """,
    "deps.py": """
        from typing import Annotated
        from fastapi import Depends, Header, HTTPException, Request
        from store import Db

        def get_db(request: Request) -> Db:
            return request.app.state.db

        Database = Annotated[Db, Depends(get_db)]

        class Paging:
            def __init__(self, page: int = 1, size: int = 10):
                self.page = page
                self.size = size

            def pages(self, total):
                return -(-total // self.size)

        Page = Annotated[Paging, Depends()]
        TOKENS = {"s3": "d1"}

        def current_driver(db: Database, authorization: Annotated[str | None, Header()] = None):
            scheme, token = authorization.split(" ", 1)
            if scheme != "Bearer":
                raise HTTPException(401, "bearer token required")
            return db.driver(TOKENS[token])

        Driver = Annotated[dict, Depends(current_driver)]
    """,
    "api.py": """
        from datetime import date
        from typing import Annotated
        from fastapi import APIRouter, Body, Path, Query
        from pydantic import BaseModel
        from deps import Database, Driver, Page

        router = APIRouter(prefix="/trips", tags=["trips"])

        class Place(BaseModel):
            name: str
            at: str | None = None

        @router.get("")
        def index(db: Database, paging: Page):
            ids = sorted(db.trips)
            start = (paging.page - 1) * paging.size
            return {"trips": ids[start : start + paging.size], "pages": paging.pages(len(ids))}

        @router.get("/{trip_id}")
        def show(trip_id: str, db: Database):
            return db.trips[trip_id]

        @router.post("/{trip_id}/stops")
        def stop(trip_id: str, db: Database, place: Place):
            trip = db.trip(trip_id)
            hour, minute = place.at.split(":")
            trip["stops"].append(f"{place.name} {int(hour):02}:{int(minute):02}")
            return {"stops": trip["stops"]}

        @router.get("/{trip_id}/log")
        def log(trip_id: Annotated[str, Path()], db: Database, since: Annotated[str, Query()] = "2024-01-01"):
            trip = db.trip(trip_id)
            day = date.fromisoformat(since)
            return {"since": day.isoformat(), "stops": len(trip["stops"])}

        @router.post("/{trip_id}/share")
        def share(trip_id: str, db: Database, payload: Annotated[dict, Body()]):
            trip = db.trip(trip_id)
            people = payload["people"]
            return {"each": trip["km"] / people}

        @router.get("/me/phone")
        def phone(me: Driver):
            return {"phone": me["phone"]["work"]}
    """,
    "main.py": """
        from fastapi import FastAPI, Request
        from fastapi.responses import JSONResponse
        from api import router
        from store import Db, Missing

        app = FastAPI()
        app.state.db = Db()
        app.include_router(router)

        @app.exception_handler(Missing)
        def on_missing(request: Request, error: Missing):
            return JSONResponse({"detail": str(error)}, status_code=404)

        @app.middleware("http")
        async def language(request: Request, call_next):
            wanted = request.headers.get("accept-language", "en")
            request.state.quality = float(wanted.split(";q=")[1]) if ";" in wanted else 1.0
            return await call_next(request)
    """,
}
