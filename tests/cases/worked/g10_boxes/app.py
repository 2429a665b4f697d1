"""Archive boxes and the shelves they stand on (plain ASGI)."""
import json
import re

SHELVES = {"A1": 2, "A2": 2, "B1": 1}   # shelf -> places
BOXES = {}                              # label -> {"label", "shelf", "years"}


class Refusal(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


def standing_on(shelf):
    return sorted(label for label, box in BOXES.items() if box["shelf"] == shelf)


def has_room(shelf):
    return len(standing_on(shelf)) < SHELVES[shelf]


def box_or_404(label):
    if label not in BOXES:
        raise Refusal(404, "no such box")
    return BOXES[label]


async def read_json(receive):
    raw = b""
    while True:
        message = await receive()
        raw += message.get("body", b"")
        if not message.get("more_body"):
            break
    try:
        data = json.loads(raw)
    except ValueError:
        raise Refusal(400, "body is not JSON")
    if not isinstance(data, dict):
        raise Refusal(400, "body must be an object")
    return data


async def shelves(receive):
    return 200, [{"shelf": s, "places": n, "boxes": standing_on(s)} for s, n in SHELVES.items()]


async def accept(receive):
    """A new box goes on the first shelf that has room."""
    data = await read_json(receive)
    label, years = data.get("label"), data.get("years")
    if not isinstance(label, str) or not re.fullmatch(r"[A-Z]{2}-\d{3}", label):
        raise Refusal(400, "label must look like HR-012")
    if not isinstance(years, str) or not years:
        raise Refusal(400, "years is missing")
    if label in BOXES:
        raise Refusal(409, "label is in use")
    for shelf in SHELVES:
        if has_room(shelf):
            place = shelf
            break
    BOXES[label] = {"label": label, "shelf": place, "years": years}
    return 201, BOXES[label]


async def show(receive, label):
    return 200, box_or_404(label)


async def move(receive, label):
    box = box_or_404(label)
    shelf = (await read_json(receive)).get("shelf")
    if shelf not in SHELVES:
        raise Refusal(404, "no such shelf")
    if shelf != box["shelf"] and not has_room(shelf):
        raise Refusal(409, "no room on the shelf")
    box["shelf"] = shelf
    return 200, box


async def shred(receive, label):
    box_or_404(label)
    return 200, BOXES.pop(label)


ROUTES = [
    ("GET", re.compile(r"/shelves"), shelves),
    ("POST", re.compile(r"/boxes"), accept),
    ("GET", re.compile(r"/boxes/([^/]+)"), show),
    ("PUT", re.compile(r"/boxes/([^/]+)/shelf"), move),
    ("DELETE", re.compile(r"/boxes/([^/]+)"), shred),
]


async def dispatch(scope, receive):
    for method, pattern, view in ROUTES:
        match = pattern.fullmatch(scope["path"])
        if match and method == scope["method"]:
            return await view(receive, *match.groups())
    raise Refusal(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    try:
        status, out = await dispatch(scope, receive)
    except Refusal as refusal:
        status, out = refusal.status, {"error": refusal.message}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(out).encode()})
