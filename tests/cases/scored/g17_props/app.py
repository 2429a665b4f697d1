"""Theatre props: where they are kept and which scenes need them."""
import os
import sqlite3
import tempfile

from flask import Flask, g, jsonify, request

app = Flask(__name__)
DATABASE = os.path.join(tempfile.mkdtemp(prefix="props-"), "props.sqlite")

SCHEMA = """
CREATE TABLE props (name TEXT PRIMARY KEY, shelf TEXT NOT NULL);
CREATE TABLE scenes (name TEXT PRIMARY KEY, title TEXT NOT NULL);
CREATE TABLE needs (scene TEXT NOT NULL REFERENCES scenes (name), prop TEXT NOT NULL REFERENCES props (name), PRIMARY KEY (scene, prop));
INSERT INTO props VALUES ('skull', 'B2'), ('dagger', 'A1'), ('goblet', 'A1'), ('letter', 'C4'), ('lantern', 'C1');
INSERT INTO scenes VALUES ('1-1', 'The platform'), ('3-4', 'The closet'), ('5-1', 'The churchyard'), ('5-2', 'The hall');
INSERT INTO needs VALUES ('1-1', 'lantern'), ('3-4', 'dagger'), ('3-4', 'letter'), ('5-1', 'skull'), ('5-1', 'lantern'),
                         ('5-2', 'goblet'), ('5-2', 'dagger'), ('5-2', 'letter');
"""

with sqlite3.connect(DATABASE) as _conn:
    _conn.executescript(SCHEMA)
_conn.close()


def db():
    if "db" not in g:
        g.db = sqlite3.connect(DATABASE)
    return g.db


@app.teardown_appcontext
def close_db(exc):
    conn = g.pop("db", None)
    if conn is not None:
        conn.close()


def error(message, status):
    return jsonify(error=message), status


def exists(table, name):
    return db().execute(f"SELECT 1 FROM {table} WHERE name = ?", (name,)).fetchone() is not None


def needed_in(scene):
    """Names of the props of a scene, from A to Z."""
    return [row[0] for row in db().execute("SELECT prop FROM needs WHERE scene = ? ORDER BY prop", (scene,))]


@app.get("/props")
def props():
    return jsonify([{"name": n, "shelf": s} for n, s in db().execute("SELECT name, shelf FROM props ORDER BY shelf, name")])


@app.get("/props/<name>")
def prop(name):
    row = db().execute("SELECT shelf FROM props WHERE name = ?", (name,)).fetchone()
    if row is None:
        return error("no such prop", 404)
    scenes = {r[0] for r in db().execute("SELECT scene FROM needs WHERE prop = ?", (name,))}
    return jsonify(name=name, shelf=row[0], scenes=sorted(scenes))


@app.get("/scenes/<scene>/props")
def scene_props(scene):
    """The props of a scene; with ?also=<scene> only those that the other scene needs as well."""
    if not exists("scenes", scene):
        return error("no such scene", 404)
    names = needed_in(scene)
    also = request.args.get("also")
    if also is not None:
        if not exists("scenes", also):
            return error("no such scene", 404)
        names = set(names).intersection(needed_in(also))
    return jsonify(scene=scene, props=names)


@app.put("/scenes/<scene>/props/<name>")
def need(scene, name):
    if not exists("scenes", scene):
        return error("no such scene", 404)
    if not exists("props", name):
        return error("no such prop", 404)
    with db():
        db().execute("INSERT OR IGNORE INTO needs VALUES (?, ?)", (scene, name))
    return jsonify(scene=scene, props=needed_in(scene))


@app.delete("/scenes/<scene>/props/<name>")
def not_needed(scene, name):
    if name not in needed_in(scene):
        return error("not needed in this scene", 404)
    with db():
        db().execute("DELETE FROM needs WHERE scene = ? AND prop = ?", (scene, name))
    return jsonify(scene=scene, props=needed_in(scene))
