"""Stock of the station kiosks."""
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ARTICLES = {"gum": 120, "cola": 250, "map": 690, "news": 310}
STOCK: dict[str, dict[str, int]] = {"north": {"gum": 40, "cola": 12}, "south": {"news": 25}}


def stock_of(request: Request) -> dict[str, int]:
    kiosk = request.path_params["kiosk"]
    if kiosk not in STOCK:
        raise HTTPException(404, "no such kiosk")
    return STOCK[kiosk]


async def on_error(request: Request, exc: HTTPException) -> JSONResponse:
    return JSONResponse({"error": exc.detail}, status_code=exc.status_code)


async def show(request: Request) -> JSONResponse:
    return JSONResponse(dict(sorted(stock_of(request).items())))


async def value(request: Request) -> JSONResponse:
    """What the shelves are worth, in cents."""
    stock = stock_of(request)
    return JSONResponse({"cents": sum(ARTICLES[sku] * n for sku, n in stock.items())})


async def sell(request: Request) -> JSONResponse:
    stock = stock_of(request)
    sku = request.path_params["sku"]
    if sku not in ARTICLES:
        raise HTTPException(404, "no such article")
    if stock.get(sku, 0) < 1:
        raise HTTPException(409, "sold out")
    stock[sku] -= 1
    return JSONResponse({"sku": sku, "left": stock[sku]})


async def deliver(request: Request) -> JSONResponse:
    """Books a delivery note, one 'sku;count' per line.

    What can be read is booked; the numbers of the other lines come back as 'rejected', for the
    driver to sort out. Blank lines do not matter.
    """
    stock = stock_of(request)
    text = (await request.body()).decode("utf-8", "replace")
    booked, rejected = 0, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        sku, amount = line.split(";")
        try:
            count = int(amount)
        except ValueError:
            rejected.append(number)
            continue
        sku = sku.strip().lower()
        if sku not in ARTICLES or count < 1:
            rejected.append(number)
            continue
        stock[sku] = stock.get(sku, 0) + count
        booked += count
    return JSONResponse({"booked": booked, "rejected": rejected})


async def low(request: Request) -> JSONResponse:
    """Articles that run out: fewer than ?below= pieces (5)."""
    try:
        below = int(request.query_params.get("below", "5"))
    except ValueError:
        raise HTTPException(400, "below must be a whole number")
    stock = stock_of(request)
    return JSONResponse(sorted(sku for sku in ARTICLES if stock.get(sku, 0) < below))


app = Starlette(
    routes=[
        Route("/kiosks/{kiosk}", show),
        Route("/kiosks/{kiosk}/value", value),
        Route("/kiosks/{kiosk}/low", low),
        Route("/kiosks/{kiosk}/deliveries", deliver, methods=["POST"]),
        Route("/kiosks/{kiosk}/sales/{sku}", sell, methods=["POST"]),
    ],
    exception_handlers={HTTPException: on_error},
)
