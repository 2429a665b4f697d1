"""Collects what the weather stations send and hands out daily sums.

Every accepted reading is in the log file before it is acknowledged: stations delete what was acknowledged,
so a 201 for something that is not on the disk would lose it. After a restart the log is read back.
"""
import json
import os
import tempfile
import threading
from collections import defaultdict

from flask import Flask, jsonify, request

app = Flask(__name__)

LOG_PATH = os.environ.get("READINGS_LOG") or os.path.join(tempfile.mkdtemp(prefix="station-"), "readings.log")
STATIONS = {"north": "North mole", "south": "South mole", "mill": "Old mill"}
KINDS = {"temperature": (-60, 60), "rain": (0, 500), "gust": (0, 120)}


class ReadingLog:
    """One JSON object per line, only ever appended to."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()

    def append(self, reading):
        line = json.dumps(reading, separators=(",", ":")) + "\n"
        with self.lock, open(self.path, "a", encoding="utf-8") as log:
            log.write(line)
            log.flush()
            os.fsync(log.fileno())

    def __iter__(self):
        if not os.path.isfile(self.path):
            return
        with open(self.path, encoding="utf-8") as log:
            for line in log:
                yield json.loads(line)


class Readings:
    def __init__(self, log):
        self.log = log
        self.rows = defaultdict(dict)
        for reading in log:
            self._keep(reading)

    def _keep(self, reading):
        self.rows[reading["station"]][reading["at"], reading["kind"]] = reading["value"]

    def known(self, reading):
        return (reading["at"], reading["kind"]) in self.rows[reading["station"]]

    def add(self, reading):
        self.log.append(reading)
        self._keep(reading)

    def values(self, station, day, kind):
        return [v for (at, k), v in sorted(self.rows[station].items()) if k == kind and at.startswith(day)]


readings = Readings(ReadingLog(LOG_PATH))


def refuse(status, message):
    return jsonify(error={"message": message}), status


@app.post("/stations/<station>/readings")
def receive(station):
    """201 once it is stored; 200 when a station sends again what is stored already."""
    if station not in STATIONS:
        return refuse(404, f"no station {station}")
    data = request.get_json(silent=True)
    if not isinstance(data, dict) or data.get("kind") not in KINDS or not isinstance(data.get("at"), str) or len(data["at"]) != 16:
        return refuse(400, "a reading needs at (2024-05-01T06:00), kind and value")
    value, (low, high) = data.get("value"), KINDS[data["kind"]]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        return refuse(400, f"value must be between {low} and {high}")
    reading = {"station": station, "at": data["at"], "kind": data["kind"], "value": value}
    if readings.known(reading):
        return jsonify(reading), 200
    readings.add(reading)
    return jsonify(reading), 201


@app.get("/stations")
def stations():
    return jsonify([{"code": code, "name": name, "readings": len(readings.rows[code])} for code, name in STATIONS.items()])


@app.get("/stations/<station>/days/<day>")
def day(station, day):
    if station not in STATIONS:
        return refuse(404, f"no station {station}")
    temperatures = readings.values(station, day, "temperature")
    return jsonify(
        day=day,
        low=min(temperatures, default=None),
        high=max(temperatures, default=None),
        rain=round(sum(readings.values(station, day, "rain")), 1),
        gust=max(readings.values(station, day, "gust"), default=None),
    )
