"""Street lamps of the municipal works (plain ASGI)."""
import json
import re
from dataclasses import asdict

from lamps import control
from lamps.errors import HttpError, not_found
from lamps.registry import Registry

registry = Registry(["harbour", "market", "station"])


async def json_body(receive) -> dict:
    raw, more = b"", True
    while more:
        message = await receive()
        raw += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        data = json.loads(raw or b"{}")
    except ValueError:
        raise HttpError(400, "not JSON")
    if not isinstance(data, dict):
        raise HttpError(400, "an object is expected")
    return data


async def circuits(receive):
    return 200, registry.circuits


async def install(receive, lamp_id):
    data = await json_body(receive)
    street, watts, circuit = data.get("street"), data.get("watts"), data.get("circuit")
    if not isinstance(street, str) or not street:
        raise HttpError(400, "street is missing")
    if isinstance(watts, bool) or not isinstance(watts, int) or watts < 1:
        raise HttpError(400, "watts must be a positive number")
    return 201, asdict(registry.install(lamp_id, street, watts, str(circuit)))


async def show(receive, lamp_id):
    return 200, asdict(registry.lamp(lamp_id))


async def rewire(receive, lamp_id):
    return 200, asdict(registry.rewire(lamp_id, str((await json_body(receive)).get("circuit"))))


async def dismantle(receive, lamp_id):
    return 200, asdict(registry.dismantle(lamp_id))


async def on(receive, circuit):
    return 200, {"changed": control.switch(registry, circuit, True)}


async def off(receive, circuit):
    return 200, {"changed": control.switch(registry, circuit, False)}


async def load(receive, circuit):
    return 200, control.load(registry, circuit)


NAME = r"([\w-]+)"
ROUTES = [
    ("GET", re.compile(r"/circuits"), circuits),
    ("GET", re.compile(f"/circuits/{NAME}/load"), load),
    ("POST", re.compile(f"/circuits/{NAME}/on"), on),
    ("POST", re.compile(f"/circuits/{NAME}/off"), off),
    ("GET", re.compile(f"/lamps/{NAME}"), show),
    ("PUT", re.compile(f"/lamps/{NAME}"), install),
    ("PATCH", re.compile(f"/lamps/{NAME}"), rewire),
    ("DELETE", re.compile(f"/lamps/{NAME}"), dismantle),
]


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        for method, pattern, view in ROUTES:
            match = pattern.fullmatch(scope["path"])
            if match and scope["method"] == method:
                status, out = await view(receive, *match.groups())
                break
        else:
            raise not_found("page")
    except HttpError as err:
        status, out = err.status, {"error": err.message}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
