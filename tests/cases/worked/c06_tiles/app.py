"""Which map tile is where. Web-mercator, 256 pixel tiles, zoom 0 to 19."""
import json
import math
from urllib.parse import parse_qsl

MAX_LAT = 85.0511
MAX_ZOOM = 19
LAYERS = {"streets": 19, "terrain": 15, "satellite": 18}


class HTTPError(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


class Request:
    def __init__(self, scope):
        self.method = scope["method"]
        self.path = scope["path"]
        self.query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))

    def number(self, name):
        """A number from the query; 400 if it is missing or not one."""
        if name not in self.query:
            raise HTTPError(400, f"{name} is missing")
        try:
            return float(self.query[name])
        except ValueError:
            raise HTTPError(400, f"{name} must be a number")

    def zoom(self, top=MAX_ZOOM):
        text = self.query.get("zoom", "12")
        if not text.isdecimal() or int(text) > top:
            raise HTTPError(400, f"zoom goes from 0 to {top}")
        return int(text)

    def position(self):
        lat, lon = self.number("lat"), self.number("lon")
        if lat < -MAX_LAT or lat > MAX_LAT:
            raise HTTPError(400, f"lat goes from -{MAX_LAT} to {MAX_LAT}")
        return lat, wrap(lon)


def wrap(lon):
    """Into -180 <= lon < 180; walking round the globe is fine."""
    return (lon + 180.0) % 360.0 - 180.0


def tile_of(lat, lon, zoom):
    n = 2 ** zoom
    x = (lon + 180.0) / 360.0 * n
    y = (1.0 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2.0 * n
    return min(int(x), n - 1), min(max(int(y), 0), n - 1)


def corner(x, y, zoom):
    n = 2 ** zoom
    return {"lat": round(math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / n)))), 5), "lon": round(x / n * 360.0 - 180.0, 5)}


def layer_or_404(name):
    if name not in LAYERS:
        raise HTTPError(404, "no such layer")
    return LAYERS[name]


def layers(request):
    return {"layers": [{"name": k, "max_zoom": v} for k, v in sorted(LAYERS.items())]}


def locate(request, layer):
    """The tile of the layer a position is on."""
    top = layer_or_404(layer)
    lat, lon = request.position()
    zoom = request.zoom(top)
    x, y = tile_of(lat, lon, zoom)
    return {"layer": layer, "zoom": zoom, "x": x, "y": y, "url": f"/{layer}/{zoom}/{x}/{y}.png"}


def around(request, layer):
    """The tile and its eight neighbours; there is nothing beyond the top and bottom row."""
    tile = locate(request, layer)
    n = 2 ** tile["zoom"]
    found = {((tile["x"] + dx) % n, tile["y"] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    return {"zoom": tile["zoom"], "tiles": sorted([x, y] for x, y in found if 0 <= y < n)}


def bounds(request, layer, zoom, x, y):
    top = layer_or_404(layer)
    if not (zoom.isdecimal() and x.isdecimal() and y.isdecimal()) or int(zoom) > top:
        raise HTTPError(404, "no such tile")
    z, x, y = int(zoom), int(x), int(y)
    if x >= 2 ** z or y >= 2 ** z:
        raise HTTPError(404, "no such tile")
    return {"north_west": corner(x, y, z), "south_east": corner(x + 1, y + 1, z)}


def handle(request):
    parts = [p for p in request.path.split("/") if p]
    if request.method != "GET":
        raise HTTPError(405, "read only")
    if parts == ["layers"]:
        return layers(request)
    if len(parts) == 3 and parts[0] == "layers" and parts[2] == "tile":
        return locate(request, parts[1])
    if len(parts) == 3 and parts[0] == "layers" and parts[2] == "around":
        return around(request, parts[1])
    if len(parts) == 6 and parts[0] == "layers" and parts[2] == "bounds":
        return bounds(request, parts[1], *parts[3:])
    raise HTTPError(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        status, out = 200, handle(Request(scope))
    except HTTPError as error:
        status, out = error.status, {"error": error.message}
    body = json.dumps(out).encode()
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
