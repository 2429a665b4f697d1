"""Tool lending: the members' site and the kiosk in the hall.

The site speaks JSON, the kiosk sends what was typed in as a form.
"""
from flask import Blueprint, Flask, jsonify, request

import library
from library import Trouble

site = Blueprint("site", __name__)
kiosk = Blueprint("kiosk", __name__, url_prefix="/kiosk")


def member_in_body():
    body = request.get_json(silent=True)
    number = body.get("member") if isinstance(body, dict) else None
    if not isinstance(number, int):
        raise Trouble(400, "member must be a number")
    return library.member(number)


def typed_member():
    """The membership number as typed at the kiosk, with or without leading zeros."""
    raw = request.form.get("member", "").strip()
    if not raw.isdecimal():
        raise Trouble(400, "please enter your membership number")
    library.member(int(raw))
    return raw


@site.get("/tools")
def tools():
    return jsonify([{"code": t.code, "title": t.title, "out": t.holder is not None, "waiting": len(t.queue)} for t in library.TOOLS.values()])


@site.get("/tools/<code>/queue")
def queue(code):
    return jsonify([{"member": m.number, "name": m.name} for m in library.waiting(library.tool(code))])


@site.post("/tools/<code>/queue")
def line_up(code):
    item = library.tool(code)
    place = library.line_up(item, member_in_body().number)
    return jsonify(place=place), 201


@site.delete("/tools/<code>/queue/<int:number>")
def step_out(code, number):
    library.step_out(library.tool(code), number)
    return "", 204


@site.post("/tools/<code>/hand-out")
def hand_out(code):
    item = library.tool(code)
    first = library.hand_out(item)
    return jsonify(tool=item.code, member=first.number, phone=first.phone)


@site.post("/tools/<code>/return")
def give_back(code):
    item = library.tool(code)
    if item.holder is None:
        raise Trouble(409, "tool is not out")
    item.holder = None
    return jsonify(tool=item.code, waiting=len(item.queue))


@kiosk.get("/member/<int:number>")
def greeting(number):
    return jsonify(text=f"Hello {library.member(number).name}")


@kiosk.post("/tools/<code>/queue")
def kiosk_line_up(code):
    item = library.tool(code)
    place = library.line_up(item, typed_member())
    return jsonify(place=place, text=f"You are number {place} for: {item.title}"), 201


app = Flask(__name__)
app.register_blueprint(site)
app.register_blueprint(kiosk)


@app.errorhandler(Trouble)
def trouble(err):
    return jsonify(error=err.reason), err.status
