"""Donation campaigns with sponsors who match what others give.

Money is in cents. A sponsor matches a percentage of every gift, up to cap_cents over the whole campaign;
without a cap (null) everything is matched.
"""
from itertools import count

from flask import Flask, jsonify, request

app = Flask(__name__)

campaigns = {}
gift_numbers = count(1)


class Refused(Exception):
    def __init__(self, message, status=422):
        super().__init__(message)
        self.message, self.status = message, status


@app.errorhandler(Refused)
def refused(error):
    return {"message": error.message}, error.status


def whole(data, name, *, least=1, optional=False):
    value = data.get(name)
    if value is None and optional:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Refused(f"{name} must be a whole number from {least}")
    return value


def payload():
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise Refused("a JSON object is needed")
    return data


def campaign_of(slug):
    try:
        return campaigns[slug]
    except KeyError:
        raise Refused(f"no campaign {slug}", 404) from None


def match_left(campaign):
    """What the sponsor will still add at most; null: no limit, or nobody matches."""
    sponsor = campaign["sponsor"]
    if sponsor is None or sponsor["cap_cents"] is None:
        return None
    return max(0, sponsor["cap_cents"] - campaign["matched_cents"])


def matched(campaign, cents):
    """The sponsor's part for a gift of that many cents."""
    sponsor = campaign["sponsor"]
    if sponsor is None:
        return 0
    return min(cents * sponsor["percent"] // 100, match_left(campaign))


def summary(campaign):
    return {
        "slug": campaign["slug"],
        "given_cents": sum(g["cents"] for g in campaign["gifts"]),
        "matched_cents": campaign["matched_cents"],
        "match_left_cents": match_left(campaign),
        "donors": len({g["donor"] for g in campaign["gifts"]}),
    }


@app.put("/campaigns/<slug>")
def open_campaign(slug):
    if slug in campaigns:
        raise Refused(f"campaign {slug} exists", 409)
    campaigns[slug] = {"slug": slug, "sponsor": None, "gifts": [], "matched_cents": 0}
    return jsonify(summary(campaigns[slug])), 201


@app.get("/campaigns/<slug>")
def show(slug):
    return jsonify(summary(campaign_of(slug)))


@app.put("/campaigns/<slug>/sponsor")
def set_sponsor(slug):
    campaign, data = campaign_of(slug), payload()
    if not isinstance(data.get("name"), str) or not data["name"].strip():
        raise Refused("name is missing")
    percent = whole(data, "percent")
    if percent > 100:
        raise Refused("percent must be at most 100")
    cap = whole(data, "cap_cents", optional=True)
    campaign["sponsor"] = {"name": data["name"].strip(), "percent": percent, "cap_cents": cap}
    return jsonify(campaign["sponsor"])


@app.delete("/campaigns/<slug>/sponsor")
def drop_sponsor(slug):
    """Later gifts are not matched any more; what has been matched stays."""
    campaign_of(slug)["sponsor"] = None
    return "", 204


@app.post("/campaigns/<slug>/gifts")
def give(slug):
    campaign, data = campaign_of(slug), payload()
    donor = data.get("donor", "anonymous")
    if not isinstance(donor, str):
        raise Refused("donor must be text")
    cents = whole(data, "cents", least=100)
    extra = matched(campaign, cents)
    gift = {"no": next(gift_numbers), "donor": donor, "cents": cents, "matched_cents": extra}
    campaign["gifts"].append(gift)
    campaign["matched_cents"] += extra
    return jsonify(gift), 201


@app.get("/campaigns/<slug>/gifts")
def gifts(slug):
    return jsonify(campaign_of(slug)["gifts"])
