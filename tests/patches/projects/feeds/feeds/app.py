"""The application."""

import logging

import selfheal
from selfheal.hooks.asgi import SelfhealMiddleware
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import articles, config, sources
from .cache import Cache
from .keys import require_key
from .limits import RateLimitMiddleware

selfheal.init(entry="feeds.app:app")
log = logging.getLogger(__name__)
cache = Cache()


async def list_articles(request: Request) -> Response:
    count = int(request.query_params["count"])
    return JSONResponse([articles.as_json(article) for article in articles.newest(count)])


async def show_article(request: Request) -> Response:
    article = articles.get(request.path_params["id"])
    return JSONResponse(articles.as_json(article))


async def add_article(request: Request) -> Response:
    require_key(request)
    values = await request.json()
    return JSONResponse(articles.as_json(articles.add(values)), 201)


async def remove_article(request: Request) -> Response:
    require_key(request)
    articles.remove(request.path_params["id"])
    return Response(status_code=204)


async def by_tag(request: Request) -> Response:
    found = articles.tagged(request.path_params["tag"])
    latest = max(article.published for article in found)
    return JSONResponse({"count": len(found), "latest": latest.isoformat()})


async def subscribe(request: Request) -> Response:
    require_key(request)
    urls = sources.sources_of((await request.body()).decode())
    entries = await cache.get("entries", lambda: sources.fetch_all(urls))
    return JSONResponse({"sources": len(urls), "per_source": len(entries) / len(urls)})


async def metrics(request: Request) -> Response:
    return PlainTextResponse(f"feeds_articles {len(articles.newest(10_000))}\n")


async def http_error(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code)


async def server_error(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path)
    return JSONResponse({"error": "Internal error."}, 500)


app = Starlette(
    debug=False,
    routes=[
        Route("/articles", list_articles),
        Route("/articles", add_article, methods=["POST"]),
        Route("/articles/{id:int}", show_article),
        Route("/articles/{id:int}", remove_article, methods=["DELETE"]),
        Route("/tags/{tag}", by_tag),
        Route("/subscriptions", subscribe, methods=["POST"]),
        Route("/metrics", metrics),
    ],
    middleware=[
        Middleware(SelfhealMiddleware),
        Middleware(CORSMiddleware, allow_origins=config.ORIGINS, allow_methods=["GET"]),
        Middleware(RateLimitMiddleware),
    ],
    exception_handlers={HTTPException: http_error, 500: server_error},
)
