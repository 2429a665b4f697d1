"""Water levels as the stations send them."""

READINGS = {"pier": [2.1, 2.4], "lock": []}


class UnknownStation(LookupError):
    pass


def highest(station):
    if not READINGS[station]:
        return 0.0
    return max(READINGS[station])


def mean_level(station, places=2):
    """The mean of a station's readings, in metres."""
    if station not in READINGS:
        raise UnknownStation(station)
    readings = READINGS[station]
    return round(sum(readings) / len(readings), places)
