"""Crate rental for house moves (plain ASGI): quotes and rentals."""
import json
from itertools import count
from urllib.parse import parse_qsl

# up to so many crates: cents per crate and week
STEPS = [(9, 120), (49, 100), (199, 85)]
LARGEST = STEPS[-1][0]
DELIVERY = {"none": 0, "town": 2500, "region": 6000}


class Refused(Exception):
    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def whole(raw, name):
    """A positive whole number of the client's, as number or as text."""
    if isinstance(raw, bool) or not str(raw).isascii() or not str(raw).isdecimal() or int(raw) < 1:
        raise Refused(400, "bad-value", f"{name} must be a whole number above 0")
    return int(raw)


def rate_for(crates):
    for upto, cents in STEPS:
        if crates <= upto:
            rate = cents
            break
    return rate


def price(crates, weeks, delivery):
    if delivery not in DELIVERY:
        raise Refused(400, "bad-value", "delivery must be one of " + ", ".join(DELIVERY))
    return crates * weeks * rate_for(crates) + DELIVERY[delivery]


class CrateRental:
    """The application object."""

    def __init__(self):
        self.rentals = {}
        self.ids = count(1)

    def quote(self, data):
        """Price without any obligation, for as many crates as one can rent."""
        crates, weeks = whole(data.get("crates", ""), "crates"), whole(data.get("weeks", "1"), "weeks")
        return 200, {"crates": crates, "weeks": weeks, "cents": price(crates, weeks, data.get("delivery", "none"))}

    def rent(self, data):
        crates, weeks = whole(data.get("crates", ""), "crates"), whole(data.get("weeks", 1), "weeks")
        if crates > LARGEST:
            raise Refused(422, "too-many", f"more than {LARGEST} crates: please ask for an offer")
        cents = price(crates, weeks, data.get("delivery", "none"))
        number = next(self.ids)
        self.rentals[number] = {"id": number, "crates": crates, "weeks": weeks, "cents": cents}
        return 201, self.rentals[number]

    def extend(self, number, data):
        """One or more weeks longer, at the same rate."""
        rental = self.rentals.get(int(number)) if number.isdecimal() else None
        if rental is None:
            raise Refused(404, "not-found", "no such rental")
        weeks = whole(data.get("weeks", 1), "weeks")
        rental["weeks"] += weeks
        rental["cents"] += rental["crates"] * weeks * rate_for(rental["crates"])
        return 200, rental

    def route(self, method, path, query, body):
        if (method, path) == ("GET", "/rates"):
            return 200, {"steps": [{"upto": u, "cents": c} for u, c in STEPS], "delivery": DELIVERY}
        if (method, path) == ("GET", "/quote"):
            return self.quote(query)
        if (method, path) == ("POST", "/rentals"):
            return self.rent(body())
        if method == "POST" and path.startswith("/rentals/") and path.endswith("/weeks"):
            return self.extend(path.split("/")[2], body())
        raise Refused(404, "not-found", "nothing here")

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break

        def body():
            try:
                data = json.loads(raw or b"{}")
            except ValueError:
                data = None
            if not isinstance(data, dict):
                raise Refused(400, "bad-body", "a JSON object is expected")
            return data

        try:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            status, out = self.route(scope["method"], scope["path"], query, body)
        except Refused as no:
            status, out = no.status, {"error": {"code": no.code, "message": no.text}}
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(out).encode()})


app = CrateRental()
