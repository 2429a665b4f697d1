"""Newsletter sign-ups: double opt-in, topics, change of address, unsubscribe links.

Every refusal is a Problem; clients look at problem.code, people at problem.text.
"""
import secrets
from dataclasses import dataclass, field

from flask import Flask, jsonify, request

app = Flask(__name__)

TOPICS = ("releases", "security", "events")


class Problem(Exception):
    def __init__(self, status, code, text):
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


@app.errorhandler(Problem)
def show_problem(problem):
    return jsonify(problem={"code": problem.code, "text": problem.text}), problem.status


@dataclass
class Subscriber:
    email: str
    topics: set = field(default_factory=lambda: {"releases"})
    token: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    confirmed: bool = False

    def as_json(self):
        return {"email": self.email, "topics": sorted(self.topics), "confirmed": self.confirmed}


class Book:
    """Subscribers by address; addresses are kept in lower case."""

    def __init__(self):
        self._by_email = {}

    def add(self, email):
        subscriber = Subscriber(email)
        self._by_email[email] = subscriber
        return subscriber

    def find(self, email):
        return self._by_email.get(email.lower())

    def by_token(self, token):
        return next((s for s in self._by_email.values() if s.token == token), None)

    def drop(self, subscriber):
        del self._by_email[subscriber.email]

    def rekey(self, subscriber, email):
        self.drop(subscriber)
        subscriber.email, subscriber.confirmed = email, False
        subscriber.token = secrets.token_urlsafe(9)
        self._by_email[email] = subscriber

    def __iter__(self):
        return iter(sorted(self._by_email.values(), key=lambda s: s.email))

    def clear(self):
        self._by_email.clear()


book = Book()


def address(data):
    email = data.get("email") if isinstance(data, dict) else None
    if not isinstance(email, str) or email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        raise Problem(400, "bad-address", "email must be an address")
    return email.lower()


@app.post("/subscribers")
def sign_up():
    email = address(request.get_json(silent=True))
    if book.find(email) is not None:
        raise Problem(409, "address-taken", f"{email} is subscribed already")
    subscriber = book.add(email)
    return jsonify(subscriber.as_json() | {"token": subscriber.token}), 201


@app.get("/subscribers/<email>")
def show(email):
    subscriber = book.find(email)
    if subscriber is None:
        raise Problem(404, "unknown-subscriber", f"{email} is not subscribed")
    return jsonify(subscriber.as_json())


@app.put("/subscribers/<email>/topics")
def choose(email):
    wanted = request.get_json(silent=True)
    if not isinstance(wanted, list) or not wanted or any(t not in TOPICS for t in wanted):
        raise Problem(400, "bad-topics", f"a list out of {', '.join(TOPICS)}")
    subscriber = book.find(email)
    if subscriber is None:
        raise Problem(404, "unknown-subscriber", f"{email} is not subscribed")
    subscriber.topics = set(wanted)
    return jsonify(subscriber.as_json())


@app.put("/subscribers/<email>/address")
def move(email):
    """The same subscription under another address, which has to be confirmed again."""
    new = address(request.get_json(silent=True))
    subscriber = book.find(email)
    taken = book.find(new)
    if taken is not None and taken is not subscriber:
        raise Problem(409, "address-taken", f"{new} is subscribed already")
    book.rekey(subscriber, new)
    return jsonify(subscriber.as_json() | {"token": subscriber.token})


@app.post("/confirm/<token>")
def confirm(token):
    subscriber = book.by_token(token)
    if subscriber is None:
        raise Problem(404, "unknown-token", "this link is not valid any more")
    subscriber.confirmed = True
    return jsonify(subscriber.as_json())


@app.post("/unsubscribe/<token>")
def unsubscribe(token):
    subscriber = book.by_token(token)
    if subscriber is None:
        raise Problem(404, "unknown-token", "this link is not valid any more")
    book.drop(subscriber)
    return "", 204


@app.get("/topics/<topic>/recipients")
def recipients(topic):
    if topic not in TOPICS:
        raise Problem(404, "unknown-topic", f"no topic {topic}")
    return jsonify([s.email for s in book if s.confirmed and topic in s.topics])
