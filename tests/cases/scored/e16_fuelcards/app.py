"""Fuel cards of the vehicle pool (plain ASGI)."""
import json
from itertools import count
from urllib.parse import parse_qs

FUELS = {"diesel": 171, "e10": 182, "adblue": 95}
GONE = "(card removed)"

cards = {}
fills = []
_numbers = count(501)


class Answer(Exception):
    """Raised to answer right away."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


def add_card(req):
    driver = req["json"].get("driver")
    if not isinstance(driver, str) or not driver.strip():
        raise Answer(400, "driver is required")
    number = str(next(_numbers))
    cards[number] = {"driver": driver.strip(), "blocked": False}
    return 201, {"card": number, "driver": driver.strip()}


def remove_card(req, number):
    """The card goes, its fills stay in the books."""
    if cards.pop(number, None) is None:
        raise Answer(404, "no such card")
    return 200, {"removed": number}


def block_card(req, number):
    if number not in cards:
        raise Answer(404, "no such card")
    cards[number]["blocked"] = True
    return 200, {"card": number, "blocked": True}


def add_fill(req, number):
    if number not in cards:
        raise Answer(404, "no such card")
    if cards[number]["blocked"]:
        raise Answer(409, "card is blocked")
    fuel, litres = req["json"].get("fuel"), req["json"].get("litres")
    if fuel not in FUELS:
        raise Answer(400, "fuel must be one of " + ", ".join(FUELS))
    if isinstance(litres, bool) or not isinstance(litres, (int, float)) or not 0 < litres <= 200:
        raise Answer(400, "litres must be above 0 and at most 200")
    fill = {"card": number, "fuel": fuel, "litres": litres, "cents": round(litres * FUELS[fuel])}
    fills.append(fill)
    return 201, fill


def list_fills(req):
    """All fills in order, or those of one fuel, each with the driver."""
    fuel = req["query"].get("fuel", [None])[-1]
    rows = [f for f in fills if fuel in (None, f["fuel"])]
    return 200, [{**f, "driver": cards[f["card"]]["driver"]} for f in rows]


def per_driver(req):
    """Cents per driver."""
    totals = {}
    for fill in fills:
        driver = cards[fill["card"]]["driver"] if fill["card"] in cards else GONE
        totals[driver] = totals.get(driver, 0) + fill["cents"]
    return 200, totals


def find_route(method, path):
    parts = path.strip("/").split("/")
    if parts == ["cards"] and method == "POST":
        return add_card, ()
    if parts == ["fills"] and method == "GET":
        return list_fills, ()
    if parts == ["drivers"] and method == "GET":
        return per_driver, ()
    if len(parts) == 2 and parts[0] == "cards" and method == "DELETE":
        return remove_card, parts[1:]
    if len(parts) == 3 and parts[0] == "cards" and method == "POST" and parts[2] in ("block", "fills"):
        return {"block": block_card, "fills": add_fill}[parts[2]], parts[1:2]
    raise Answer(404, "not found")


async def request_of(scope, receive):
    raw = b""
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        data = json.loads(raw) if raw else {}
    except ValueError:
        raise Answer(400, "body is not JSON")
    if not isinstance(data, dict):
        raise Answer(400, "a JSON object is expected")
    return {"json": data, "query": parse_qs(scope["query_string"].decode("latin-1"))}


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        handler, args = find_route(scope["method"], scope["path"])
        status, out = handler(await request_of(scope, receive), *args)
    except Answer as answer:
        status, out = answer.status, {"error": answer.text}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
