"""URL shortener with links that may expire.

All times are UTC.
"""
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone

from flask import Flask, jsonify, redirect, request
from werkzeug.exceptions import BadRequest, Conflict, Gone, HTTPException, NotFound

app = Flask(__name__)


@app.errorhandler(HTTPException)
def error_json(error):
    return {"error": {"status": error.code, "message": error.description}}, error.code


def utcnow():
    return datetime.now(timezone.utc)


@dataclass
class Link:
    code: str
    target: str
    expires: datetime | None = None
    visits: list[datetime] = field(default_factory=list)

    def expired(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now

    def as_json(self):
        return {"code": self.code, "target": self.target, "expires": self.expires.isoformat() if self.expires else None}


class Links:
    def __init__(self):
        self._links: dict[str, Link] = {}

    def add(self, link: Link) -> Link:
        if link.code in self._links:
            raise Conflict(f"{link.code} is in use")
        self._links[link.code] = link
        return link

    def get(self, code: str) -> Link:
        try:
            return self._links[code]
        except KeyError:
            raise NotFound(f"no link {code}") from None

    def __iter__(self):
        return iter(list(self._links.values()))

    def remove(self, code: str) -> None:
        self.get(code)
        del self._links[code]

    def clear(self):
        self._links.clear()


links = Links()


def parse_time(raw) -> datetime:
    """ISO 8601, with or without an offset."""
    try:
        return datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise BadRequest("not a time: " + str(raw)) from None


@app.post("/links")
def create():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise BadRequest("a JSON object is needed")
    target = data.get("target")
    if not isinstance(target, str) or not target.startswith(("http://", "https://")):
        raise BadRequest("target must be a http(s) address")
    code = data.get("code") or secrets.token_urlsafe(5)
    if not isinstance(code, str) or not code.replace("-", "").replace("_", "").isalnum():
        raise BadRequest("code may hold letters, digits, - and _")
    expires = data.get("expires")
    link = Link(code, target, parse_time(expires) if expires is not None else None)
    return jsonify(links.add(link).as_json()), 201


@app.get("/links/<code>")
def show(code):
    return jsonify(links.get(code).as_json())


@app.delete("/links/<code>")
def remove(code):
    links.remove(code)
    return "", 204


@app.get("/links")
def index():
    """?active=1 leaves out what has expired."""
    rows = list(links)
    if request.args.get("active") == "1":
        now = utcnow()
        rows = [link for link in rows if not link.expired(now)]
    return jsonify([link.as_json() for link in rows])


@app.get("/links/<code>/visits")
def visits(code):
    """How often a link was followed, in all or ?since= a moment."""
    link, since = links.get(code), request.args.get("since")
    if since is None:
        return jsonify(code=code, visits=len(link.visits))
    moment = parse_time(since)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return jsonify(code=code, visits=sum(v >= moment for v in link.visits))


@app.get("/<code>")
def follow(code):
    link, now = links.get(code), utcnow()
    if link.expired(now):
        raise Gone(f"{code} has expired")
    link.visits.append(now)
    return redirect(link.target)
