"""The team wiki's HTTP side."""
from flask import Flask, jsonify, request

from wikistore import pages, search
from wikistore.db import connect
from wikistore.errors import Invalid, WikiError

app = Flask(__name__)
db = connect()


@app.errorhandler(WikiError)
def wiki_error(error):
    return jsonify(error={"kind": error.kind, "message": str(error)}), error.status


def text_of(name, required=True):
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Invalid("a JSON object is needed")
    value = data.get(name, None if required else "")
    if not isinstance(value, str) or (required and not value.strip()):
        raise Invalid(f"{name} is missing")
    return value


def author():
    return request.headers.get("X-User", "anonymous")


@app.get("/pages")
def index():
    return jsonify(pages.all_pages(db))


@app.post("/pages")
def create():
    page = pages.create(db, text_of("title"), text_of("text", required=False), author())
    return jsonify(page), 201, {"Location": f"/pages/{page['slug']}"}


@app.get("/pages/<slug>")
def show(slug):
    return jsonify(pages.get(db, slug))


@app.put("/pages/<slug>/text")
def edit(slug):
    return jsonify(pages.edit(db, slug, text_of("text", required=False), author()))


@app.put("/pages/<slug>/title")
def rename(slug):
    """A new title gives the page a new address; the old one keeps leading to it."""
    return jsonify(pages.rename(db, slug, text_of("title"), author()))


@app.delete("/pages/<slug>")
def remove(slug):
    pages.remove(db, slug)
    return "", 204


@app.get("/pages/<slug>/history")
def history(slug):
    return jsonify(pages.history(db, slug))


@app.get("/search")
def find():
    return jsonify(search.find(db, request.args.get("q", "")))
