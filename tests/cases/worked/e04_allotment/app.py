"""Allotment garden: plots, their tenants and the yearly rent (plain ASGI)."""
import json
import re
from urllib.parse import parse_qs

CENTS_PER_M2 = 35
WATER_CENTS = 1500

PLOTS = {}
SORTS = ("number", "size", "tenant")


class Problem(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


def reset():
    PLOTS.clear()
    PLOTS.update({
        1: {"size": 240, "tenant": "Okafor", "shed": True},
        2: {"size": 180, "tenant": None, "shed": False},
        3: {"size": 310, "tenant": "Brandt", "shed": True},
    })


reset()


def view(number):
    plot = PLOTS[number]
    return {"number": number, "size": plot["size"], "tenant": plot["tenant"], "shed": plot["shed"]}


def plot_or_404(number):
    if int(number) not in PLOTS:
        raise Problem(404, "no such plot")
    return PLOTS[int(number)]


def list_plots(query, data):
    """By number, by size (smallest first, plots that are not measured yet at the end) or by tenant (free plots at the end)."""
    sort = query.get("sort", "number")
    if sort not in SORTS:
        raise Problem(400, "sort must be one of " + ", ".join(SORTS))
    rows = [view(n) for n in sorted(PLOTS)]
    if sort == "size":
        rows.sort(key=lambda r: r["size"])
    elif sort == "tenant":
        rows.sort(key=lambda r: (r["tenant"] is None, r["tenant"] or ""))
    return 200, rows


def add_plot(query, data):
    """A new plot gets the next number; its size may follow later."""
    size = data.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 1):
        raise Problem(400, "size must be whole square metres")
    number = max(PLOTS, default=0) + 1
    PLOTS[number] = {"size": size, "tenant": None, "shed": bool(data.get("shed"))}
    return 201, view(number)


def let_plot(query, data, number):
    plot = plot_or_404(number)
    tenant = data.get("tenant")
    if not isinstance(tenant, str) or not tenant.strip():
        raise Problem(400, "tenant is required")
    if plot["tenant"]:
        raise Problem(409, "plot is taken")
    plot["tenant"] = tenant.strip()
    return 200, view(int(number))


def rent(query, data, number):
    plot = plot_or_404(number)
    if plot["size"] is None:
        raise Problem(409, "plot is not measured yet")
    return 200, {"number": int(number), "cents": plot["size"] * CENTS_PER_M2 + WATER_CENTS}


ROUTES = [
    ("GET", re.compile(r"/plots"), list_plots),
    ("POST", re.compile(r"/plots"), add_plot),
    ("PUT", re.compile(r"/plots/([0-9]+)/tenant"), let_plot),
    ("GET", re.compile(r"/plots/([0-9]+)/rent"), rent),
]


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
        raise Problem(400, "body is not JSON")
    if not isinstance(data, dict):
        raise Problem(400, "body must be an object")
    return data


async def handle(scope, receive):
    for method, pattern, handler in ROUTES:
        found = pattern.fullmatch(scope["path"])
        if found and method == scope["method"]:
            query = {k: v[-1] for k, v in parse_qs(scope["query_string"].decode("latin-1")).items()}
            return handler(query, await read_json(receive), *found.groups())
    raise Problem(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        status, out = await handle(scope, receive)
    except Problem as problem:
        status, out = problem.status, {"error": problem.text}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
