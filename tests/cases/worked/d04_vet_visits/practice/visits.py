"""Appointments."""
from . import db
from .errors import NotFound


def add(pet_id, vet_id, day, reason, weight_kg):
    if db.one("SELECT 1 FROM vets WHERE id = ?", vet_id) is None:
        raise NotFound("vet")
    return db.insert(
        "INSERT INTO visits (pet_id, vet_id, day, reason, weight_kg) VALUES (?, ?, ?, ?, ?)", pet_id, vet_id, day, reason, weight_kg
    )


def find(visit_id):
    return db.one("SELECT * FROM visits WHERE id = ?", visit_id)


def of_pet(pet_id):
    return db.rows("SELECT * FROM visits WHERE pet_id = ? ORDER BY day, id", pet_id)


def latest(pet_id):
    return db.one("SELECT * FROM visits WHERE pet_id = ? ORDER BY day DESC, id DESC LIMIT 1", pet_id)


def cancel(visit_id):
    conn = db.connection()
    conn.execute("DELETE FROM prescriptions WHERE visit_id = ?", (visit_id,))
    conn.execute("DELETE FROM visits WHERE id = ?", (visit_id,))
    conn.commit()
