"""Exchange desk: mid rates, a margin per currency, quotes for customers. Plain ASGI.

Amounts and rates are decimals and travel as text in answers; EUR is the base.
"""
import json
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from urllib.parse import parse_qs

CENT = Decimal("0.01")
SMALLEST, LARGEST = Decimal("0.000001"), Decimal("10000000")
RATES = {"USD": Decimal("1.0850"), "GBP": Decimal("0.8560"), "JPY": Decimal("162.40"), "CHF": Decimal("0.9510")}
MARGINS = {"USD": Decimal("1.5"), "GBP": Decimal("1.5")}
DEFAULT_MARGIN = Decimal("2")


class Refused(Exception):
    def __init__(self, status, error):
        super().__init__(error)
        self.status, self.error = status, error


def currency(code):
    code = code.upper()
    if code not in RATES:
        raise Refused(404, f"no rate for {code}")
    return code


def decimal_of(text, name):
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Refused(400, f"{name} must be a number")
    if not value.is_finite() or not SMALLEST <= value <= LARGEST:
        raise Refused(400, f"{name} is out of range")
    return value


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def margin_of(code):
    return MARGINS.get(code, DEFAULT_MARGIN)


def customer_rate(code):
    """What the customer gets for one euro: the mid rate less the margin, to four places."""
    rate = RATES[code] * (100 - margin_of(code)) / 100
    return rate.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def list_rates(query, body):
    return 200, {code: {"mid": str(rate), "customer": str(customer_rate(code))} for code, rate in sorted(RATES.items())}


def set_rate(query, body, code):
    code = code.upper()
    if not re.fullmatch("[A-Z]{3}", code) or code == "EUR":
        raise Refused(400, "not a currency code")
    if not is_number(body.get("mid")):
        raise Refused(400, "mid must be a number")
    RATES[code] = decimal_of(str(body["mid"]), "mid")
    return 200, {"currency": code, "mid": str(RATES[code])}


def get_margin(query, body, code):
    code = currency(code)
    return 200, {"currency": code, "percent": str(margin_of(code))}


def set_margin(query, body, code):
    code = currency(code)
    percent = body.get("percent")
    if not is_number(percent) or not 0 <= percent <= 10:
        raise Refused(400, "percent must be a number from 0 to 10")
    MARGINS[code] = percent
    return 200, {"currency": code, "percent": str(percent)}


def quote(query, body, code):
    """Euros in, foreign money out; the other way round with ?sell=."""
    code = currency(code)
    if ("buy" in query) == ("sell" in query):
        raise Refused(400, "either buy or sell")
    if "buy" in query:
        amount = decimal_of(query["buy"], "buy")
        result = amount * customer_rate(code)
    else:
        amount = decimal_of(query["sell"], "sell")
        result = amount / (RATES[code] * (100 + margin_of(code)) / 100)
    return 200, {"currency": code, "amount": str(amount), "result": str(result.quantize(CENT, ROUND_HALF_UP))}


ROUTES = [
    ("GET", r"/rates", list_rates),
    ("PUT", r"/rates/(\w+)", set_rate),
    ("GET", r"/rates/(\w+)/margin", get_margin),
    ("PUT", r"/rates/(\w+)/margin", set_margin),
    ("GET", r"/rates/(\w+)/quote", quote),
]


async def read_body(receive):
    raw, more = b"", True
    while more:
        message = await receive()
        raw += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        raise Refused(400, "body is not JSON")
    if not isinstance(body, dict):
        raise Refused(400, "body must be an object")
    return body


async def answer(scope, receive):
    query = {k: v[0] for k, v in parse_qs(scope["query_string"].decode("latin-1")).items()}
    for method, pattern, handler in ROUTES:
        match = re.fullmatch(pattern, scope["path"], re.ASCII)
        if match and method == scope["method"]:
            return handler(query, await read_body(receive), *match.groups())
    raise Refused(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        status, out = await answer(scope, receive)
    except Refused as refused:
        status, out = refused.status, {"error": refused.error}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
