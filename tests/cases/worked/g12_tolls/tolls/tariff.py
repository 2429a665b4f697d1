"""What a passage costs, in cents."""

CLASSES = {"motorcycle": 0.5, "car": 1.0, "van": 1.5, "lorry": 4.0}


def toll(base: int, vehicle_class: str, axles: int = 2) -> int:
    """Every axle beyond the second costs half the base on top."""
    return round(base * CLASSES[vehicle_class] + max(0, axles - 2) * base / 2)
