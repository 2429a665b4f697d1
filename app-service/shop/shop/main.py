"""The application: puts the routes together and decides how refusals are answered.

A refusal is {"detail": …} with 404 for a thing that is not there, whether the path or the body names it, 409 for a
request that the present state of things forbids, and 422 for input that cannot be used.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import selfheal
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from selfheal.hooks.asgi import SelfhealMiddleware
from sqlalchemy import text

from shop import admin, cart, catalog, checkout, database, fulfilment, orders, reports, returns, settings
from shop.database import Db
from shop.pricing import CouponRefused
from shop.shipping import ShippingRefused

ROUTERS = (catalog.router, cart.router, checkout.router, orders.router, returns.router)
ADMIN_ROUTERS = (admin.router, fulfilment.router, reports.router)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.settings = settings.load()
    app.state.engine = database.connect(app.state.settings.database_url)
    database.prepare(app.state.engine)
    yield
    app.state.engine.dispose()


def create_app() -> FastAPI:
    app = FastAPI(title="Shop", version="1.0.0", lifespan=lifespan)
    app.add_middleware(SelfhealMiddleware)
    for router in ROUTERS + ADMIN_ROUTERS:
        app.include_router(router)

    @app.exception_handler(CouponRefused)
    def refuse_coupon(_request: Request, refusal: CouponRefused) -> JSONResponse:
        return JSONResponse({"detail": str(refusal)}, 409)

    @app.exception_handler(ShippingRefused)
    def refuse_shipping(_request: Request, refusal: ShippingRefused) -> JSONResponse:
        return JSONResponse({"detail": str(refusal)}, 422)

    @app.get("/health", tags=["health"])
    def health(db: Db) -> dict[str, str]:
        db.execute(text("SELECT 1"))
        return {"status": "ok"}

    return app


selfheal.init()
app = create_app()
