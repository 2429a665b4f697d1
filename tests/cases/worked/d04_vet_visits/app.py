"""Veterinary practice: pets and their owners, appointments, prescriptions.

The data lives in SQLite; PRACTICE_DB names the file, without it everything is kept in memory.
"""
from flask import Flask, jsonify
from werkzeug.exceptions import HTTPException

from practice import db
from practice.api_pets import bp as pets_bp
from practice.api_prescriptions import bp as prescriptions_bp
from practice.api_visits import bp as visits_bp
from practice.errors import PracticeError

VETS = [("Dr. Amira Saleh", "small animals"), ("Dr. Piet Vos", "horses")]
DRUGS = [
    # name, milligrams per kilogram, most that may be given at once
    ("meloxicam", 0.2, 15.0),
    ("amoxicillin", 12.5, 500.0),
    ("phenylbutazone", 4.4, 2500.0),
]


def seed():
    conn = db.connection()
    if conn.execute("SELECT COUNT(*) AS n FROM vets").fetchone()["n"]:
        return
    conn.executemany("INSERT INTO vets (name, field) VALUES (?, ?)", VETS)
    conn.executemany("INSERT INTO drugs (name, mg_per_kg, max_mg) VALUES (?, ?, ?)", DRUGS)
    conn.commit()


def create_app():
    app = Flask(__name__)
    db.create_schema()
    seed()
    app.register_blueprint(pets_bp)
    app.register_blueprint(visits_bp)
    app.register_blueprint(prescriptions_bp)

    @app.errorhandler(PracticeError)
    def practice_error(err):
        return jsonify(error={"kind": err.kind, "message": str(err)}), err.status

    @app.errorhandler(HTTPException)
    def http_error(err):
        return jsonify(error={"kind": "http", "message": err.name.lower()}), err.code

    @app.get("/vets")
    def vets():
        rows = db.connection().execute("SELECT id, name, field FROM vets ORDER BY id").fetchall()
        return jsonify([dict(r) for r in rows])

    @app.get("/healthz")
    def health():
        db.connection().execute("SELECT 1").fetchone()
        return jsonify(ok=True)

    return app


app = create_app()
