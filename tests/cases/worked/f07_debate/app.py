"""Debate tournament: teams, rounds, standings."""
from typing import Optional, TypedDict

from flask import Flask, jsonify, request

app = Flask(__name__)

WIN, LOSS = 3, 0


class Pairing(TypedDict):
    gov: str
    opp: Optional[str]
    winner: Optional[str]


TEAMS: list[str] = []
ROUNDS: list[list[Pairing]] = []


def problem(status, message):
    return jsonify(error=message), status


def points() -> dict[str, int]:
    """Points so far. A bye (a pairing without opposition) counts as a win."""
    total = {team: 0 for team in TEAMS}
    for pairings in ROUNDS:
        for p in pairings:
            if p["opp"] is None or p["winner"] == p["gov"]:
                total[p["gov"]] += WIN
            elif p["winner"] == p["opp"]:
                total[p["opp"]] += WIN
    return total


def ranked() -> list[str]:
    total = points()
    return sorted(TEAMS, key=lambda team: (-total[team], team))


def open_pairings() -> list[Pairing]:
    if not ROUNDS:
        return []
    return [p for p in ROUNDS[-1] if p["opp"] is not None and p["winner"] is None]


@app.post("/teams")
def enter():
    name = str((request.get_json(silent=True) or {}).get("name", "")).strip()
    if not name:
        return problem(400, "name is missing")
    if name in TEAMS:
        return problem(409, "name is taken")
    if ROUNDS:
        return problem(409, "the tournament has begun")
    TEAMS.append(name)
    return jsonify(name=name, teams=len(TEAMS)), 201


@app.get("/standings")
def standings():
    total = points()
    return jsonify([{"team": team, "points": total[team]} for team in ranked()])


@app.post("/rounds")
def draw():
    """Pairs neighbours in the standings: first against second, third against fourth, and so on."""
    if len(TEAMS) < 2:
        return problem(409, "at least two teams are needed")
    if open_pairings():
        return problem(409, "the last round is not finished")
    order = ranked()
    pairings: list[Pairing] = []
    for i in range(0, len(order), 2):
        pairings.append({"gov": order[i], "opp": order[i + 1], "winner": None})
    ROUNDS.append(pairings)
    return jsonify(round=len(ROUNDS), pairings=pairings), 201


@app.get("/rounds/<int:number>")
def show(number):
    if not 1 <= number <= len(ROUNDS):
        return problem(404, "no such round")
    return jsonify(round=number, pairings=ROUNDS[number - 1])


@app.put("/rounds/current/winners/<team>")
def decide(team):
    for p in open_pairings():
        if team in (p["gov"], p["opp"]):
            p["winner"] = team
            return jsonify(p)
    return problem(404, "no open debate of this team")
