"""Recipe box with a pantry: shelves, ingredients, and recipes made of them."""
from flask import Flask, jsonify
from werkzeug.exceptions import HTTPException

from pantry import db, ingredients, recipes, shelves
from pantry.errors import Conflict, Invalid, Missing

app = Flask(__name__)
app.register_blueprint(shelves.bp)
app.register_blueprint(ingredients.bp)
app.register_blueprint(recipes.bp)
db.create_tables()


@app.errorhandler(Invalid)
def invalid(error):
    return jsonify(error="invalid", detail=str(error)), 400


@app.errorhandler(Missing)
def missing(error):
    return jsonify(error="missing", detail=str(error)), 404


@app.errorhandler(Conflict)
def conflict(error):
    return jsonify(error="conflict", detail=str(error)), 409


@app.errorhandler(HTTPException)
def http_error(error):
    """Unknown addresses and wrong methods, in the same form as our own errors."""
    return jsonify(error=error.name.lower(), detail=error.description), error.code


@app.teardown_appcontext
def release(exception=None):
    db.Session.remove()


@app.get("/")
def overview():
    """Entry points, for whoever explores the service by hand."""
    return jsonify(
        name="pantry",
        links={
            "shelves": "/shelves",
            "ingredients": "/ingredients",
            "recipes": "/recipes",
        },
    )


@app.get("/healthz")
def health():
    return jsonify(ok=True)


if __name__ == "__main__":
    import os

    app.run(
        host=os.environ.get("HOST", "127.0.0.1"),
        port=int(os.environ.get("PORT", "8080")),
    )
