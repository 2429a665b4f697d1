"""League evenings: the captains send the results as a text file. Plain ASGI."""
import json

MEMBERS = {"anna", "bert", "carl", "dina", "emil", "fritz"}
SCORES = {"1-0": (2, 0), "0-1": (0, 2), "1/2": (1, 1)}
ROUNDS = {}      # number -> list of games


class Stop(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


class BadLine(Exception):
    """A line of the file that cannot be used."""


def text_of(raw):
    if not raw.strip():
        raise Stop(400, "the file is empty")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Stop(400, "the file is not UTF-8")


def round_number(text):
    if not text.isdecimal() or not 1 <= int(text) <= 30:
        raise Stop(404, "no such round")
    return int(text)


def member(text):
    name = text.strip().lower()
    if name not in MEMBERS:
        raise BadLine(f"unknown member: {text.strip()}")
    return name


def game_from(line):
    """'Anna; Bert; 1-0' -> game"""
    white, black, result = line.split(";")
    white, black, result = member(white), member(black), result.strip()
    if white == black:
        raise BadLine("nobody plays themselves")
    if result not in SCORES:
        raise BadLine(f"unknown result: {result}")
    return {"white": white, "black": black, "result": result}


def upload(number, raw):
    """Replace the games of a round.

    Good lines are taken, the others are listed under 'problems' with their line number.
    Empty lines and lines that start with # do not count. Who appears twice has one game too many.
    """
    games, problems, seen = [], [], set()
    for n, line in enumerate(text_of(raw).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            game = game_from(line)
            twice = seen & {game["white"], game["black"]}
            if twice:
                raise BadLine("plays twice: " + ", ".join(sorted(twice)))
        except BadLine as bad:
            problems.append({"line": n, "error": str(bad)})
            continue
        seen |= {game["white"], game["black"]}
        games.append(game)
    ROUNDS[number] = games
    return 200, {"round": number, "games": len(games), "problems": problems}


def show(number, raw):
    if number not in ROUNDS:
        raise Stop(404, "round not played yet")
    return 200, ROUNDS[number]


def table(raw):
    points = {}
    for games in ROUNDS.values():
        for game in games:
            for side, gained in zip(("white", "black"), SCORES[game["result"]]):
                points[game[side]] = points.get(game[side], 0) + gained
    return 200, [{"member": m, "points": p} for m, p in sorted(points.items(), key=lambda i: (-i[1], i[0]))]


def respond(method, path, raw):
    parts = path.strip("/").split("/")
    if parts == ["table"] and method == "GET":
        return table(raw)
    if len(parts) == 2 and parts[0] == "rounds":
        if method == "PUT":
            return upload(round_number(parts[1]), raw)
        if method == "GET":
            return show(round_number(parts[1]), raw)
        raise Stop(405, "GET or PUT")
    raise Stop(404, "not found")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    raw, more = b"", True
    while more:
        message = await receive()
        raw += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        status, out = respond(scope["method"], scope["path"], raw)
    except Stop as stop:
        status, out = stop.status, {"error": stop.message}
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json; charset=utf-8")]})
    await send({"type": "http.response.body", "body": json.dumps(out, ensure_ascii=False).encode()})
