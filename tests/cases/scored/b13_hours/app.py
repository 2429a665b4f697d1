"""Time sheets by ISO week."""
from flask import Flask, jsonify

import reports
import sheets
from store import PEOPLE, NoSuchPerson
from weeks import BadWeek

app = Flask(__name__)
app.register_blueprint(sheets.bp)
app.register_blueprint(reports.bp)


@app.errorhandler(BadWeek)
def bad_week(error):
    return jsonify(error=str(error)), 400


@app.errorhandler(NoSuchPerson)
def no_person(error):
    return jsonify(error=str(error)), 404


@app.get("/people")
def people():
    return jsonify([{"name": name, "due": due} for name, due in PEOPLE.items()])
