"""The collected lines; number rises with time."""
LINES = [
    {"n": 1, "level": "info", "service": "api", "message": "started on port 8000"},
    {"n": 2, "level": "warning", "service": "api", "message": "slow query on orders"},
    {"n": 3, "level": "error", "service": "mail", "message": "timeout talking to smtp"},
    {"n": 4, "level": "info", "service": "mail", "message": "queue drained"},
    {"n": 5, "level": "error", "service": "api", "message": "timeout on orders"},
]


def newest_first():
    return sorted(LINES, key=lambda e: -e["n"])


def add(level, service, message):
    LINES.append({"n": len(LINES) + 1, "level": level, "service": service, "message": message})
    return LINES[-1]


def services():
    return sorted({e["service"] for e in LINES if e["service"]})
