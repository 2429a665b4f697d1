"""Tables from the games of a tournament."""
from people import REGISTER

POINTS = {"1-0": (1.0, 0.0), "0-1": (0.0, 1.0), "draw": (0.5, 0.5)}


def points(games):
    total = {}
    for white, black, result in games:
        for player, gained in zip((white, black), POINTS[result]):
            total[player] = total.get(player, 0.0) + gained
    return total


def standings(games):
    """(player id, points), best first; equal points go by rating."""
    total = points(games)
    return sorted(total.items(), key=lambda item: (-item[1], -REGISTER.player(item[0]).rating))


def club_table(games):
    rows = {}
    for player_id, gained in points(games).items():
        club = REGISTER.club_of(REGISTER.player(player_id))
        row = rows.setdefault(club.id, {"club": club.name, "players": 0, "points": 0.0})
        row["players"] += 1
        row["points"] += gained
    return sorted(rows.values(), key=lambda r: (-r["points"], r["club"]))
