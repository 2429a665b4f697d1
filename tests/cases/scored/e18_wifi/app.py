"""Vouchers for the guest wifi. The reception prints them, the access point asks whether they are good."""
from flask import Flask, jsonify, request

from vouchers import store, views
from vouchers.errors import VoucherError
from vouchers.model import normal_mac

app = Flask(__name__)


@app.errorhandler(VoucherError)
def failed(err):
    return jsonify(error=err.message), err.status


def payload():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise VoucherError(400, "a JSON object is expected")
    return data


def minute(data):
    """The access point's clock, in minutes."""
    value = data.get("at")
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise VoucherError(400, "at must be a whole number")
    return value


@app.post("/vouchers")
def issue():
    data = payload()
    voucher = store.issue(data.get("room"), data.get("minutes", 1440), data.get("max_devices", 3))
    return jsonify(code=voucher.code, room=voucher.room, minutes=voucher.minutes), 201


@app.post("/vouchers/<code>/devices")
def connect(code):
    """A device logs in. The first one starts the voucher's clock; a device that is on already may come again."""
    data = payload()
    voucher = store.find(code)
    voucher.connect(normal_mac(data.get("mac")), minute(data))
    return jsonify(code=voucher.code, until=voucher.until), 201


@app.get("/vouchers/<code>")
def show(code):
    return jsonify(views.detail(store.find(code)))


@app.get("/rooms/<room>")
def by_room(room):
    return jsonify([views.line(v) for v in store.of_room(room)])


@app.delete("/vouchers/<code>")
def revoke(code):
    store.remove(code)
    return "", 204


@app.get("/stats")
def stats():
    everything = store.all()
    return jsonify(vouchers=len(everything), started=sum(v.started is not None for v in everything), devices=sum(len(v.devices) for v in everything))
