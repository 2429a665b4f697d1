"""Translation memory service."""
from flask import Flask, jsonify

import review
import units
from memory import LANGUAGES, MemoryProblem, memory

app = Flask(__name__)
app.register_blueprint(units.bp)
app.register_blueprint(review.bp)


@app.errorhandler(MemoryProblem)
def problem(error):
    return jsonify(error=str(error)), error.status


@app.get("/languages")
def languages():
    done = {lang: 0 for lang in LANGUAGES}
    for unit in memory.all():
        for lang in unit["targets"]:
            done[lang] += 1
    return jsonify(done)
