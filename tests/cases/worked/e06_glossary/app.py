"""Glossary of the documentation team."""
from flask import Flask, jsonify, request

from glossary import links, search
from glossary.errors import Conflict, GlossaryError, Invalid
from glossary.store import TERMS, Term, find, key_of

app = Flask(__name__)


@app.errorhandler(GlossaryError)
def failed(err):
    return jsonify(error=str(err)), err.status


def payload():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Invalid("a JSON object is expected")
    return data


@app.post("/terms")
def add():
    data = payload()
    name, meaning = data.get("name"), data.get("meaning")
    if not isinstance(name, str) or not name.strip() or not isinstance(meaning, str):
        raise Invalid("name and meaning are required")
    key = key_of(name)
    if key in TERMS:
        raise Conflict("term exists")
    TERMS[key] = Term(name.strip(), meaning.strip())
    return jsonify(TERMS[key].as_json()), 201


@app.get("/terms")
def index():
    word = request.args.get("q", "")
    return jsonify([t.name for t in search.matching(TERMS.values(), word)])


@app.get("/terms/<key>")
def show(key):
    return jsonify(find(key).as_json())


@app.put("/terms/<key>/see/<other>")
def link(key, other):
    """'See also'. One way only: the other term does not point back unless somebody adds that too."""
    term, target = find(key), find(other)
    if term is target:
        raise Conflict("a term cannot point to itself")
    term.see.add(key_of(target.name))
    return jsonify(term.as_json())


@app.delete("/terms/<key>/see/<other>")
def unlink(key, other):
    term = find(key)
    term.see.discard(key_of(other))
    return jsonify(term.as_json())


@app.get("/terms/<key>/cluster")
def cluster(key):
    """Everything a reader can get to from a term by following 'see also', each term once, without the term itself."""
    term = find(key)
    return jsonify(sorted(TERMS[k].name for k in links.reachable(key_of(term.name))))


@app.get("/orphans")
def orphans():
    """Terms nothing points to."""
    pointed = links.targets()
    return jsonify(sorted(t.name for k, t in TERMS.items() if k not in pointed))
