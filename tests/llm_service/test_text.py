"""Bytes of tokens to text: stop texts across tokens, and characters across tokens."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from llm_service.text import Text


def _shown(parts: Sequence[bytes], *stops: str) -> list[str]:
    """What is shown after each part, and at the end."""
    text = Text(stops)
    return [*(text.add(part) for part in parts), text.finish()]


def test_a_character_is_shown_once_it_is_whole() -> None:
    euro = "€".encode()
    assert _shown([b"1 ", euro[:1], euro[1:2], euro[2:] + b"!"]) == ["1 ", "", "", "€!", ""]
    assert _shown([b"1 ", euro[:2]]) == ["1 ", "", "�"]
    assert _shown([b"\xff", b"a"]) == ["�", "a", ""]


def test_what_may_become_a_stop_text_is_held_back() -> None:
    assert _shown([b"ab", b"``", b"`", b"more"], "```") == ["ab", "", "", "", ""]
    assert _shown([b"ab", b"``", b"c"], "```") == ["ab", "", "``c", ""]
    assert _shown([b"ab", b"``"], "```") == ["ab", "", "``"]


def test_the_first_of_several_stop_texts_counts() -> None:
    text = Text(["end", "b", "cd"])
    assert (text.add(b"abcd end"), text.stopped, text.length, text.finish()) == ("a", True, 1, "")


_LETTERS = st.sampled_from(["a", "b", "☃"])


@given(st.lists(_LETTERS, max_size=20), st.lists(st.integers(0, 60), max_size=8), st.lists(_LETTERS, max_size=3))
def test_cuts_change_nothing(letters: list[str], cuts: list[int], stop: list[str]) -> None:
    whole = "".join(letters)
    data = whole.encode()
    pieces = [data[start:end] for start, end in itertools.pairwise([0, *sorted(cuts), len(data)])]
    shown = "".join(_shown(pieces, *(["".join(stop)] if stop else [])))
    assert shown == (whole.partition("".join(stop))[0] if stop else whole)
