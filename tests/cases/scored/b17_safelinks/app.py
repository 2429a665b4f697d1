"""Short links for the print department.

Whatever ends up in print stays there for years, so every target is looked up in the reputation service before it
gets a code; a code is never given to a target nobody has vouched for. Without SAFETY_URL (development) a short
list stands in for the service.
"""
import json
import os
import string
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit
from urllib.request import ProxyHandler, build_opener

from flask import Flask, jsonify, redirect, request

app = Flask(__name__)

SAFETY_URL = os.environ.get("SAFETY_URL", "")
DEV_LIST = {"malware.example": "malware", "phish.example": "phishing"}
ALPHABET = string.digits + string.ascii_lowercase
FIRST = 36 ** 2

opener = build_opener(ProxyHandler({}))


def reputation(host):
    """The service's verdict on a host: 'ok', or what is wrong with it."""
    if not SAFETY_URL:
        return DEV_LIST.get(host, "ok")
    with opener.open(f"{SAFETY_URL}?host={quote(host)}", timeout=2) as answer:
        return json.load(answer)["verdict"]


def code_of(number):
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = ALPHABET[rest] + digits
    return digits


@dataclass
class Shortener:
    targets: dict = field(default_factory=dict)
    retired: set = field(default_factory=set)

    def add(self, target):
        """The same target keeps its code."""
        for code, known in self.targets.items():
            if known == target and code not in self.retired:
                return code, False
        code = code_of(FIRST + len(self.targets))
        self.targets[code] = target
        return code, True

    def clear(self):
        self.targets.clear()
        self.retired.clear()


shortener = Shortener()


def refuse(status, reason):
    return jsonify(status="refused", reason=reason), status


@app.post("/codes")
def create():
    data = request.get_json(silent=True)
    target = data.get("target") if isinstance(data, dict) else None
    parts = urlsplit(target) if isinstance(target, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return refuse(400, "target must be a http(s) address")
    verdict = reputation(parts.hostname)
    if verdict != "ok":
        return refuse(422, f"{parts.hostname}: {verdict}")
    code, new = shortener.add(target)
    return jsonify(status="ok", code=code, target=target), 201 if new else 200


@app.get("/codes/<code>")
def show(code):
    if code not in shortener.targets:
        return refuse(404, f"no code {code}")
    return jsonify(status="retired" if code in shortener.retired else "ok", code=code, target=shortener.targets[code])


@app.delete("/codes/<code>")
def retire(code):
    """A retired code is not given out again."""
    if code not in shortener.targets:
        return refuse(404, f"no code {code}")
    shortener.retired.add(code)
    return "", 204


@app.get("/<code>")
def follow(code):
    if code not in shortener.targets:
        return refuse(404, f"no code {code}")
    if code in shortener.retired:
        return refuse(410, f"{code} is retired")
    return redirect(shortener.targets[code])
