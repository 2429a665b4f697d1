"""From table rows to what readers see."""

MEAN_CM = 250


def describe(row):
    clock, cm = row
    return {"time": clock, "kind": "high" if cm >= MEAN_CM else "low", "metres": round(cm / 100, 2)}


def highest(table):
    """The highest water of a table, the first of several."""
    best = None
    for day in sorted(table):
        for clock, cm in table[day]:
            if best is None or cm > best[2]:
                best = (day, clock, cm)
    if best is None:
        return {"day": None, "time": None, "metres": None}
    return {"day": best[0], "time": best[1], "metres": round(best[2] / 100, 2)}
