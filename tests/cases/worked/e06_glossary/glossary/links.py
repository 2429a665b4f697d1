"""Following the 'see also' links."""
from .store import TERMS


def targets() -> set[str]:
    """Keys of all terms some other term points to."""
    found = set()
    for term in TERMS.values():
        found |= term.see
    return found


def reachable(key: str) -> set[str]:
    """Keys of the terms behind a term, directly or over others."""
    found = set()
    for other in TERMS[key].see:
        found.add(other)
        found |= reachable(other)
    return found
