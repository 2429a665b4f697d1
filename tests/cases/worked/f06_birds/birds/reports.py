from collections import Counter

from flask import Blueprint, jsonify, request

from . import store, taxonomy
from .errors import Invalid

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


def year_arg():
    year = request.args.get("year", "")
    if not (year.isdecimal() and len(year) == 4):
        raise Invalid("year must have four digits")
    return year


@blueprint.get("/year")
def by_species():
    """Individuals per species in one year, most frequent first."""
    year = year_arg()
    tally = Counter()
    for sighting in store.every():
        if sighting.day.startswith(year):
            tally[taxonomy.lookup(sighting.code).name] += sighting.number
    rows = sorted(tally.items(), key=lambda row: (-row[1], row[0]))
    return jsonify([{"species": name, "number": number} for name, number in rows])


@blueprint.get("/observers")
def by_observer():
    """Reports sent in per observer in one year."""
    year = year_arg()
    tally = Counter(s.observer for s in store.every() if s.day.startswith(year))
    return jsonify(dict(tally))
