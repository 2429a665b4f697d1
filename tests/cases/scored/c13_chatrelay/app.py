"""HTTP side of the relay: sources post events, the rules turn them into chat messages."""
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from relay import delivery, engine, registry, signing
from relay.errors import RelayError
from relay.models import rule_from, rule_view
from relay.payloads import object_from


async def receive(request):
    """An event of a source. Answers with the messages it led to."""
    source = registry.source(request.path_params["source"])
    raw = await request.body()
    signing.verify(source, raw, request.headers.get("x-relay-signature"))
    payload = object_from(raw)
    event = request.headers.get("x-relay-event", "").strip()
    if not event:
        raise RelayError(400, "no_event", "the X-Relay-Event header is missing")
    messages = engine.run(source.name, event, payload)
    for message in messages:
        delivery.queue(message)
    return JSONResponse({"event": event, "messages": [delivery.view(m) for m in messages]}, status_code=202)


async def list_rules(request):
    return JSONResponse([rule_view(r) for r in registry.rules()])


async def add_rule(request):
    rule = registry.add_rule(rule_from(object_from(await request.body())))
    return JSONResponse(rule_view(rule), status_code=201)


async def delete_rule(request):
    registry.remove_rule(request.path_params["number"])
    return Response(status_code=204)


async def try_rule(request):
    """What a rule would say about a payload, without sending anything."""
    rule = registry.rule(request.path_params["number"])
    payload = object_from(await request.body())
    message = engine.apply(rule, payload)
    return JSONResponse({"matches": message is not None, "text": message.text if message else None})


async def channel(request):
    return JSONResponse([delivery.view(m) for m in delivery.for_channel(request.path_params["name"])])


async def on_relay_error(request, exc):
    return JSONResponse(exc.as_dict(), status_code=exc.status)


async def on_http(request, exc):
    return JSONResponse({"code": "http", "message": exc.detail}, status_code=exc.status_code)


app = Starlette(
    routes=[
        Route("/in/{source}", receive, methods=["POST"]),
        Mount("/rules", routes=[
            Route("/", list_rules),
            Route("/", add_rule, methods=["POST"]),
            Route("/{number:int}", delete_rule, methods=["DELETE"]),
            Route("/{number:int}/try", try_rule, methods=["POST"]),
        ]),
        Route("/channels/{name}", channel),
    ],
    exception_handlers={RelayError: on_relay_error, HTTPException: on_http},
)
