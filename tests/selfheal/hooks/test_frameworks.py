"""Flask and Django answer crashes themselves: they are reported with their request, once, and answered as before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import flask
import httpx
import pytest
import selfheal
from django import http, urls
from django.conf import settings
from selfheal.hooks import asgi, wsgi

from tests.selfheal.sink import Sink


class Boom(Exception):
    pass


def flask_shop() -> flask.Flask:
    app = flask.Flask("shop")

    @app.post("/orders/<int:number>")
    def order(number: int) -> dict[str, float]:
        return {"share": number / flask.request.get_json()["quantity"]}

    @app.get("/refused")
    def refused() -> str:
        flask.abort(418)

    return app


def asked(app: Any, method: str, path: str, **more: Any) -> httpx.Response:
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop.test") as client:
        return client.request(method, path, **more)


def reports(sink: Sink) -> list[dict[str, Any]]:
    assert selfheal.flush(5)
    return sink.reports


def test_flask_s_crash_is_reported_with_its_request_and_answered_by_flask(reporting: Sink) -> None:
    app = flask_shop()
    app.wsgi_app = wsgi.SelfhealMiddleware(app.wsgi_app)  # type: ignore[method-assign,arg-type]
    assert asked(app, "POST", "/orders/1?by=shop", json={"quantity": 2}).json() == {"share": 0.5}
    answer = asked(app, "POST", "/orders/1?by=shop", json={"quantity": 0})
    assert (answer.status_code, "Internal Server Error" in answer.text) == (500, True)
    (report,) = reports(reporting)
    assert report["mechanism"] == {"type": "flask", "handled": False}
    assert report["framework"] == "flask"
    assert (report["request"]["path"], report["request"]["json"]) == ("/orders/1?by=shop", {"quantity": 0})
    assert [one["json"] for one in report["earlier_requests"]] == [{"quantity": 2}]
    assert report["frames"][-1]["function"] == "order"


def test_flask_s_crash_is_reported_without_any_middleware(reporting: Sink) -> None:
    asked(flask_shop(), "POST", "/orders/1", json={"quantity": 0})
    (report,) = reports(reporting)
    assert (report["mechanism"]["type"], report["request"]) == ("flask", None)


def test_a_crash_that_flask_lets_through_is_reported_once(reporting: Sink) -> None:
    app = flask_shop()
    app.testing = True
    with pytest.raises(ZeroDivisionError):
        asked(wsgi.SelfhealMiddleware(app), "POST", "/orders/1", json={"quantity": 0})
    assert [report["suppressed"] for report in reports(reporting)] == [0]


def test_refusals_of_flask_are_no_crashes(reporting: Sink) -> None:
    app = wsgi.SelfhealMiddleware(flask_shop())
    answers = [asked(app, "GET", "/refused"), asked(app, "GET", "/nowhere"), asked(app, "POST", "/orders/1", json={})]
    assert [answer.status_code for answer in answers[:2]] == [418, 404]
    assert [report["exception"]["type"] for report in reports(reporting)] == ["KeyError"]


def crash(request: Any, number: int) -> http.HttpResponse:
    raise Boom(f"{request.method} {number}")


async def crash_async(request: Any) -> http.HttpResponse:
    await asyncio.sleep(0)
    raise Boom("async")


def stream(request: Any) -> http.StreamingHttpResponse:
    def rows() -> Iterator[bytes]:
        yield b"first"
        raise Boom("streaming")

    return http.StreamingHttpResponse(rows())


def refuse(request: Any) -> http.HttpResponse:
    raise http.Http404(request.get_host())


urlpatterns = [
    urls.path("orders/<int:number>", crash),
    urls.path("async", crash_async),
    urls.path("stream", stream),
    urls.path("refuse", refuse),
]


@pytest.fixture
def django() -> Iterator[None]:
    """Django, whose settings are the process's, with the views above."""
    from django.test.utils import override_settings

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["shop.test"], LOGGING_CONFIG=None)
        import django

        django.setup()
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["shop.test"]):
        yield


@pytest.mark.usefixtures("django")
def test_django_s_crash_is_reported_with_its_request_and_answered_by_django(reporting: Sink) -> None:
    from django.core.wsgi import get_wsgi_application

    app = wsgi.SelfhealMiddleware(get_wsgi_application())
    answer = asked(app, "GET", "/orders/7?by=shop")
    assert (answer.status_code, "Server Error (500)" in answer.text) == (500, True)
    (report,) = reports(reporting)
    assert report["mechanism"] == {"type": "django", "handled": False}
    assert (report["exception"]["message"], report["request"]["path"]) == ("GET 7", "/orders/7?by=shop")
    assert report["frames"][-1]["function"] == "crash"


@pytest.mark.usefixtures("django")
def test_a_crash_of_django_s_streamed_answer_is_reported(reporting: Sink) -> None:
    from django.core.wsgi import get_wsgi_application

    with pytest.raises(Boom):
        asked(wsgi.SelfhealMiddleware(get_wsgi_application()), "GET", "/stream")
    (report,) = reports(reporting)
    assert (report["mechanism"]["type"], report["request"]["path"]) == ("wsgi", "/stream")


@pytest.mark.usefixtures("django")
@pytest.mark.parametrize(("path", "message"), [("/async", "async"), ("/orders/8", "GET 8")])
def test_django_s_crash_under_asgi_is_reported_with_its_request(reporting: Sink, path: str, message: str) -> None:
    from django.core.asgi import get_asgi_application

    async def run() -> int:
        transport = httpx.ASGITransport(app=asgi.SelfhealMiddleware(get_asgi_application()))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
            return (await client.get(path)).status_code

    assert asyncio.run(run()) == 500
    (report,) = reports(reporting)
    assert (report["mechanism"]["type"], report["exception"]["message"]) == ("django", message)
    assert report["request"]["path"] == path


@pytest.mark.usefixtures("django")
def test_refusals_of_django_are_no_crashes(reporting: Sink) -> None:
    from django.core.wsgi import get_wsgi_application

    app = wsgi.SelfhealMiddleware(get_wsgi_application())
    assert asked(app, "GET", "/refuse").status_code == 404
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://elsewhere.test") as client:
        assert client.get("/refuse").status_code == 400  # logged as an error: the host is not allowed
    assert reports(reporting) == []


@pytest.mark.usefixtures("django")
def test_a_framework_s_own_log_brings_the_crash_where_its_signal_is_not_wanted(sink: Sink, client_off: None) -> None:
    from django.core.wsgi import get_wsgi_application

    selfheal.init(sink.dsn, hooks=["logging"])
    logging.getLogger("django.request").setLevel(logging.ERROR)
    asked(wsgi.SelfhealMiddleware(get_wsgi_application()), "GET", "/orders/9")
    assert [report["mechanism"]["type"] for report in reports(sink)] == ["logging"]
