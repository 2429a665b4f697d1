"""Words that an option takes, and what is probably meant by one that it does not take."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from healer.model import BadInput, State

STATES = tuple(state.value for state in State)
ENDS = (State.RESOLVED, State.DECLINED, State.REJECTED, State.ROLLED_BACK, State.REGRESSED)
UNFINISHED = tuple(state.value for state in State if state not in ENDS)
ORDERS = ("last_seen", "first_seen", "count")


def listed(given: Iterable[str], option: str, known: Sequence[str]) -> list[str]:
    """Of an option that may come several times, or once with commas. Raises BadInput for a word that is not known."""
    words = [word.strip() for one in given for word in one.split(",")]
    return [chosen(word, option, known) for word in words if word]


def chosen(word: str, option: str, known: Sequence[str]) -> str:
    """Raises BadInput with what is probably meant."""
    same = next((one for one in (word, word.lower(), word.lower().replace("-", "_")) if one in known), "")
    if same:
        return same
    near = difflib.get_close_matches(word.lower(), known, 1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise BadInput(f"{option}: there is no {word!r}; {meant}it is one of {', '.join(known)}")
