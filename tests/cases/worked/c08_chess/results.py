"""Games played."""
TOURNAMENTS = {"spring": "Spring Open", "blitz": "Friday Blitz"}
RESULTS = {key: [] for key in TOURNAMENTS}


def record(key, white, black, result):
    RESULTS[key].append((white, black, result))
