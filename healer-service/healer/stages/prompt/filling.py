"""How much goes into a prompt: parts by rank, as long as the model's server has room for them and for the answer.

It does not know what the parts say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from healer.model import BadInput, Message, Prompt
from healer.stages.prompt.data import block
from healer.stages.prompt.source import fenced

_TRIES = 8  # with the four counts before them at most twelve round trips
_LEAST_LINES = 2  # fewer of a longer part say nothing
_CAREFUL = 0.8  # of the room that is left: lines differ in length
_LEAST_ANSWER, _SENTENCE, _GROWTH = 160, 90, 1.3


@dataclass(frozen=True)
class Room:
    """What the model's server can take."""

    count: Callable[[Sequence[Message]], int]  # tokens of a whole chat, its template included
    context: int  # tokens of prompt and answer together
    prompt_tokens: int = 1000  # optional parts go in only below it


@dataclass(frozen=True)
class Part:
    """A block of the text: data between delimiters, source in a fence under its heading, or a heading alone."""

    name: str
    place: int  # in the text; the rank is the order in which parts are handed over
    lines: tuple[str, ...]
    heading: str = ""  # data has none

    def text(self, most: int | None = None) -> str:
        """Whole, or its first lines with a note that there were more."""
        if not self.lines:
            return self.heading
        lines = list(self.lines[:most])
        left = len(self.lines) - len(lines)
        if left:
            lines.append(f"{'# ' if self.heading else ''}… {left} more left out")
        return f"{self.heading}\n{fenced(chr(10).join(lines))}" if self.heading else block(lines)


@dataclass(frozen=True)
class _Filled:
    messages: tuple[Message, ...]
    tokens: int


class Filling:
    """The text with the parts that it must have, to which others are added while there is room."""

    def __init__(self, system: str, required: Sequence[tuple[int, str]], room: Room) -> None:
        self._system, self._room = Message("system", system), room
        self._blocks = list(required)

    def prompt(self, optional: Sequence[Part], answer_tokens: int) -> Prompt:
        """Raises BadInput when not even the required parts and the answer have room."""
        hard = self._room.context - answer_tokens
        soft = min(self._room.prompt_tokens, hard)
        everything = self._counted([(part.place, part.text()) for part in optional])
        if everything.tokens <= soft:
            return Prompt(everything.messages, answer_tokens, everything.tokens)
        least = self._counted([]) if optional else everything
        if least.tokens > hard:
            raise BadInput(
                f"the prompt needs {least.tokens} tokens and its answer {answer_tokens}, and the model's server has "
                f"{self._room.context}: the function is too long for it, or its context too small"
            )
        filled, left_out = self._added(least, optional, soft)
        return Prompt(filled.messages, answer_tokens, filled.tokens, left_out)

    def _added(self, filled: _Filled, optional: Sequence[Part], soft: int) -> tuple[_Filled, tuple[str, ...]]:
        tries = _TRIES
        chosen: list[tuple[int, str]] = []
        left_out: list[str] = []
        for part in optional:
            most = max(len(part.lines), 1)
            least = min(most, _LEAST_LINES)
            fits = False
            for _ in ("whole", "clipped"):
                if not tries or most < least or filled.tokens >= soft:
                    break
                tries -= 1
                tried = self._counted([*chosen, (part.place, part.text(most))])
                fits = tried.tokens <= soft
                if fits:
                    chosen.append((part.place, part.text(most)))
                    filled = tried
                    break
                share = (soft - filled.tokens) / (tried.tokens - filled.tokens)
                most = int(most * share * _CAREFUL)
            if not fits:
                left_out.append(part.name)
        return filled, tuple(left_out)

    def _counted(self, added: Sequence[tuple[int, str]]) -> _Filled:
        blocks = sorted([*self._blocks, *added], key=lambda pair: pair[0])
        messages = (self._system, Message("user", "\n\n".join(text for _, text in blocks)))
        return _Filled(messages, self._room.count(messages))


def answer_bound(code: str, room: Room) -> int:
    """The bound on an answer: the function again, somewhat longer, and a sentence."""
    empty, filled = room.count([Message("user", "")]), room.count([Message("user", code)])
    return max(_LEAST_ANSWER, int(_GROWTH * max(filled - empty, 0)) + _SENTENCE)
