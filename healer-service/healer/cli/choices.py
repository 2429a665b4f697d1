"""Words that an option takes, and what is probably meant by one that it does not take."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from healer.model import ENDS, BadInput, State

STATES = tuple(state.value for state in State)
ENDED = tuple(state.value for state in State if state in ENDS)
UNFINISHED = tuple(state.value for state in State if state not in ENDS)
_ON_THE_PAGE = {"needs_you": State.PROPOSED.value, "healed": State.RESOLVED.value}  # whose words are not the API's
ORDERS = ("last_seen", "first_seen", "count")


def states(given: Iterable[str], option: str) -> list[str]:
    """Of an option that may come several times, or once with commas. Raises BadInput for a word that is not known."""
    words = [word.strip() for one in given for word in one.split(",")]
    return [state(word, option) for word in words if word]


def state(word: str, option: str) -> str:
    """Also by the word that people read on the page."""
    return chosen(_ON_THE_PAGE.get(_spelt(word), word), option, STATES)


def chosen(word: str, option: str, known: Sequence[str]) -> str:
    """Raises BadInput with what is probably meant."""
    same = next((one for one in (word, word.lower(), _spelt(word)) if one in known), "")
    if same:
        return same
    near = difflib.get_close_matches(word.lower(), known, 1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    there_are = f"it is one of {', '.join(known)}" if known else "there are none"
    raise BadInput(f"{option}: there is no {word!r}; {meant}{there_are}")


def _spelt(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
