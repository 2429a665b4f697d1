"""HTTP interface of the toll stations' back office."""
from flask import Blueprint, Flask, jsonify, request

from tolls import registry, tariff
from tolls.ledger import Ledger

STATIONS = {"bridge": 240, "pass": 900, "tunnel": 520}   # station -> base toll

ledger = Ledger()
api = Blueprint("api", __name__)


class Rejected(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status, self.message = status, message


@api.errorhandler(Rejected)
def rejected(err):
    return jsonify(error=err.message), err.status


def base_toll(station):
    if station not in STATIONS:
        raise Rejected(404, "no such station")
    return STATIONS[station]


def plate_of(text):
    plate = str(text or "").strip().upper()
    if not plate:
        raise Rejected(400, "plate is missing")
    return plate


@api.get("/stations")
def stations():
    return jsonify(STATIONS)


@api.post("/stations/<station>/passages")
def passage(station):
    """Records a passage. The toll depends on the class in the registry, and what is recorded is invoiced:
    nothing is recorded on a guess. The station keeps the photo and sends it again after any 5xx."""
    base = base_toll(station)
    plate = plate_of((request.get_json(silent=True) or {}).get("plate"))
    entry = registry.vehicle(plate)
    if entry is None:
        raise Rejected(404, "plate is not registered")
    cents = tariff.toll(base, entry["class"], entry["axles"])
    number = ledger.record(station, plate, entry["class"], cents)
    return jsonify(id=number, plate=plate, cents=cents), 201


@api.get("/stations/<station>/passages")
def passages(station):
    base_toll(station)
    return jsonify(ledger.of_station(station))


@api.get("/plates/<plate>/due")
def due(plate):
    return jsonify(plate=plate_of(plate), cents=ledger.due(plate_of(plate)))


app = Flask(__name__)
app.register_blueprint(api)
