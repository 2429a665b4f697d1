"""Pets."""
from . import db
from .errors import NotFound

SPECIES = ("dog", "cat", "rabbit", "horse")


def add(name, species, owner, weight_kg):
    return db.insert("INSERT INTO pets (name, species, owner, weight_kg) VALUES (?, ?, ?, ?)", name, species, owner, weight_kg)


def get(pet_id):
    row = db.one("SELECT * FROM pets WHERE id = ?", pet_id)
    if row is None:
        raise NotFound("pet")
    return row


def of_owner(owner):
    return db.rows("SELECT * FROM pets WHERE owner = ? COLLATE NOCASE ORDER BY name", owner)
