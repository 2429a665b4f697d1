"""How much of a drug a patient gets."""
from . import db, pets
from .errors import Invalid


def drug(name):
    row = db.one("SELECT * FROM drugs WHERE name = ?", name.lower())
    if row is None:
        raise Invalid(f"unknown drug {name}")
    return row


def weight(visit):
    """Kilograms: as weighed at the visit, else what is on the pet's card."""
    if visit["weight_kg"] is not None:
        return visit["weight_kg"]
    return pets.get(visit["pet_id"])["weight_kg"]


def dose(medicine, visit):
    """Milligrams per dose, never more than the drug's maximum."""
    return round(min(medicine["mg_per_kg"] * weight(visit), medicine["max_mg"]), 2)
