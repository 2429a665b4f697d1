"""Writes any Python value, as `taking` has taken it, as a short, redacted text like its repr.

It reads nothing of the host any more, so it can run on any thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from selfheal.patterns import REDACTED
from selfheal.scrub import Scrubber
from selfheal.taking import STRING, Budget, Final, Long, Shape

_TAIL = 64  # end of a cut text that may hold half of a secret


def describe(value: object, scrub: Scrubber, budget: Budget | None = None) -> str:
    """Text that ast.literal_eval reads back where the value is built of plain ones and was neither cut nor
    redacted."""
    return written((budget or Budget()).take(value), scrub)


def written(taken: Any, scrub: Scrubber, *, inside: bool = False) -> str:
    """The text of what was taken. `inside`: of an item of a sequence, where a list of two may be a name and its
    value."""
    if type(taken) is not Shape:
        return _single(taken, scrub)
    texts = []
    pair = len(taken.parts) == 2 and (taken.opening == "(" or (inside and taken.opening == "["))
    for name, part in zip(scrub.names(taken.parts, keyed=bool(taken.joint), pair=pair), taken.parts):
        label, value = "", part
        if taken.joint:
            key, value = part
            label = (written(key, scrub) if taken.opening.endswith("{") else str(key)) + taken.joint
        shown = repr(REDACTED) if hidden(name, value, scrub) else written(value, scrub, inside=not taken.joint)
        texts.append(label + shown)
    if taken.left_out > 0:
        texts.append(f"<{taken.left_out} more>")
    return taken.opening + taken.gap.join(texts) + taken.closing


def hidden(name: Any, part: Any, scrub: Scrubber) -> bool:
    """Whether what was taken must not be shown under this name; then it is remembered as a secret."""
    if not scrub.hides(name, part.cut if type(part) is Long else part):
        return False
    for leaf in _leaves(part):
        scrub.remember(leaf)
    return True


def _leaves(taken: Any) -> Iterator[Any]:
    """The single values in plain containers; what an object of some class holds is not all secret."""
    if type(taken) is Long:
        yield taken.cut
    elif type(taken) is not Shape:
        yield taken
    elif taken.opening in ("{", "[", "("):
        for part in taken.parts:
            yield from _leaves(part[1] if taken.joint else part)


def _single(taken: Any, scrub: Scrubber) -> str:
    cut: Any = taken.cut if type(taken) is Long else taken
    length = taken.length if type(taken) is Long else 0
    if type(cut) is str:
        unit, clean = "characters", scrub.text(cut)
    elif type(cut) is bytes:
        unit, clean = "bytes", scrub.octets(cut)  # type: ignore[assignment]
    elif type(cut) is int:
        text = repr(cut) if cut.bit_length() <= 2000 else f"<int of {cut.bit_length()} bits>"
        return repr(REDACTED) if scrub.hides_number(text) else text
    else:
        return str(cut) if type(cut) is Final else repr(cut)
    clean = clean[:-_TAIL] if length else clean
    if length or len(clean) > STRING:
        return f"{clean[:STRING]!r}... <{length or len(cut)} {unit}>"
    return repr(clean)
