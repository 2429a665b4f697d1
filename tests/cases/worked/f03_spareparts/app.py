"""Spare parts for agricultural machines: catalogue, customer prices, quotes."""
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

# cents, list price
PARTS = {
    "BRG-6204": {"name": "Ball bearing 6204", "cents": 740, "stock": 52},
    "BLT-A46": {"name": "V-belt A46", "cents": 1290, "stock": 11},
    "FLT-OX9": {"name": "Oil filter OX9", "cents": 1850, "stock": 0},
}
CUSTOMERS = {
    "k100": {"name": "Hof Lindner", "group": "farm"},
    "k200": {"name": "Landtechnik Moser", "group": "dealer"},
    "k300": {"name": "Gartenverein Sued", "group": "private"},
}
# per cent off, for the groups we have an agreement with; everybody else pays the list price
DISCOUNTS = {"farm": 10, "dealer": 25}
QUOTES: list[dict] = []


def part_or_404(number: str) -> dict:
    if number not in PARTS:
        raise HTTPException(404, f"no such part: {number}")
    return PARTS[number]


def customer_or_404(number: str) -> dict:
    if number not in CUSTOMERS:
        raise HTTPException(404, "no such customer")
    return CUSTOMERS[number]


def less(cents: int, percent: int) -> int:
    return cents - cents * percent // 100


async def on_http_error(request, exc: HTTPException):
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


async def parts(request):
    wanted = request.query_params.get("q", "").lower()
    return JSONResponse([{"part": n, **p} for n, p in sorted(PARTS.items()) if wanted in p["name"].lower()])


async def price(request):
    """What one piece costs; with ?customer= what it costs that customer."""
    part = part_or_404(request.path_params["number"])
    cents = part["cents"]
    if "customer" in request.query_params:
        customer = customer_or_404(request.query_params["customer"])
        cents = less(cents, DISCOUNTS.get(customer["group"], 0))
    return JSONResponse({"cents": cents, "available": part["stock"] > 0})


async def create_quote(request):
    """A quote for several parts. The customer's discount is taken off the sum."""
    data = await request.json()
    customer = customer_or_404(data.get("customer", ""))
    lines = []
    for line in data.get("lines", []):
        part = part_or_404(line.get("part", ""))
        qty = line.get("qty", 1)
        if not isinstance(qty, int) or qty < 1:
            raise HTTPException(400, "qty must be a positive whole number")
        lines.append({"part": line["part"], "qty": qty, "cents": part["cents"] * qty})
    if not lines:
        raise HTTPException(400, "a quote needs at least one line")
    gross = sum(line["cents"] for line in lines)
    percent = DISCOUNTS[customer["group"]]
    quote = {
        "number": len(QUOTES) + 1,
        "customer": customer["name"],
        "lines": lines,
        "gross": gross,
        "discount": gross - less(gross, percent),
        "total": less(gross, percent),
    }
    QUOTES.append(quote)
    return JSONResponse(quote, status_code=201)


async def show_quote(request):
    number = request.path_params["number"]
    if not 1 <= number <= len(QUOTES):
        raise HTTPException(404, "no such quote")
    return JSONResponse(QUOTES[number - 1])


app = Starlette(
    routes=[
        Route("/parts", parts),
        Route("/parts/{number}/price", price),
        Route("/quotes", create_quote, methods=["POST"]),
        Route("/quotes/{number:int}", show_quote),
    ],
    exception_handlers={HTTPException: on_http_error},
)
