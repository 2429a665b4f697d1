"""Seat maps of the small hall. Plain ASGI, one process, state in memory."""
import json
import re

ROWS = "ABCDEF"
SEATS_PER_ROW = 8
ROUTES = []


class Refuse(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


def new_show(title):
    return {"title": title, "holds": {}, "sold": {}, "blocked": set()}


SHOWS = {1: new_show("Matinee"), 2: new_show("Evening")}


def route(method, pattern):
    compiled = re.compile(pattern + "$")

    def register(fn):
        ROUTES.append((method, compiled, fn))
        return fn
    return register


def show_or_404(number):
    show = SHOWS.get(int(number))
    if show is None:
        raise Refuse(404, "no such show")
    return show


def seat_code(text):
    """'b3' -> 'B3'; anything that is not a seat of this hall is a 400."""
    code = str(text).strip().upper()
    if not re.fullmatch(r"[A-Z][1-9]", code) or code[0] not in ROWS or int(code[1:]) > SEATS_PER_ROW:
        raise Refuse(400, f"not a seat: {text}")
    return code


def state_of(show, seat):
    if seat in show["sold"]:
        return "sold"
    if seat[0] in show["blocked"]:
        return "blocked"
    return "held" if seat in show["holds"] else "free"


def customer(data):
    who = data.get("who")
    if not isinstance(who, str) or not who.strip():
        raise Refuse(400, "who is missing")
    return who.strip()


@route("GET", r"/shows/(\d+)")
async def seat_map(data, number):
    show = show_or_404(number)
    rows = {row: [state_of(show, f"{row}{n}") for n in range(1, SEATS_PER_ROW + 1)] for row in ROWS}
    return 200, {"title": show["title"], "rows": rows}


@route("POST", r"/shows/(\d+)/holds")
async def hold(data, number):
    show, who = show_or_404(number), customer(data)
    wanted = data.get("seats")
    if not isinstance(wanted, list) or not wanted:
        raise Refuse(400, "no seats")
    seats = [seat_code(s) for s in wanted]
    taken = [s for s in seats if state_of(show, s) != "free"]
    if taken:
        raise Refuse(409, "not free: " + ", ".join(taken))
    for seat in seats:
        show["holds"][seat] = who
    return 201, {"who": who, "held": sorted(seats)}


@route("POST", r"/shows/(\d+)/orders")
async def order(data, number):
    """Sell everything the customer holds."""
    show, who = show_or_404(number), customer(data)
    seats = [seat for seat, holder in show["holds"].items() if holder == who]
    if not seats:
        raise Refuse(409, "nothing is held for " + who)
    for seat in seats:
        show["sold"][seat] = show["holds"].pop(seat)
    return 201, {"who": who, "sold": sorted(seats)}


@route("POST", r"/shows/(\d+)/blocked/([A-Za-z])")
async def block_row(data, number, row):
    """Take a row out of sale. Holds in it are dropped and reported; a row with sold seats stays (409)."""
    show, row = show_or_404(number), row.upper()
    if row not in ROWS:
        raise Refuse(404, "no such row")
    if any(seat.startswith(row) for seat in show["sold"]):
        raise Refuse(409, "seats of this row are sold")
    show["blocked"].add(row)
    dropped = {}
    for seat, who in show["holds"].items():
        if seat.startswith(row):
            dropped.setdefault(who, []).append(seat)
            del show["holds"][seat]
    return 200, {"blocked": sorted(show["blocked"]), "dropped": {who: sorted(seats) for who, seats in dropped.items()}}


@route("DELETE", r"/shows/(\d+)/blocked/([A-Za-z])")
async def unblock_row(data, number, row):
    show = show_or_404(number)
    show["blocked"].discard(row.upper())
    return 200, {"blocked": sorted(show["blocked"])}


async def read_json(receive):
    raw, more = b"", True
    while more:
        message = await receive()
        raw += message.get("body", b"")
        more = message.get("more_body", False)
    if not raw:
        return {}
    try:
        data = json.loads(raw)
    except ValueError:
        raise Refuse(400, "body is not JSON")
    if not isinstance(data, dict):
        raise Refuse(400, "body must be an object")
    return data


async def handle(scope, receive):
    for method, pattern, fn in ROUTES:
        match = pattern.match(scope["path"])
        if match and method == scope["method"]:
            return await fn(await read_json(receive), *match.groups())
    raise Refuse(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        status, out = await handle(scope, receive)
    except Refuse as no:
        status, out = no.status, {"error": no.reason}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
