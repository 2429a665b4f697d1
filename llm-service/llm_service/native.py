"""What llama.cpp says and how it is stopped: its log, the reason of a bad grammar, the switch that ends a computation.

Imported by the worker alone. It loads no model.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import llama_cpp

log = logging.getLogger(__name__)

_ERROR = 4  # of ggml_log_level; 5 goes on with the line before
# The parser descends by recursion: 20,000 parentheses overflow the stack, and with it the process.
_DEEPEST_GRAMMAR = 1000
_LITERALS = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|#[^\n]*', re.DOTALL)
_LONGEST_REASON = 300


class NativeLog:
    """Takes the place of llama.cpp's log: errors are logged and remembered, the rest is dropped."""

    # llama.cpp keeps only a pointer, and calls what it points to until the process ends.
    _installed: ClassVar[NativeLog | None] = None

    def __init__(self) -> None:
        self._errors: deque[str] = deque(maxlen=20)
        self._quiet = False
        self._callback = llama_cpp.llama_log_callback(self._take)
        llama_cpp.llama_log_set(self._callback, ctypes.c_void_p(0))
        NativeLog._installed = self

    def first(self) -> str:
        """The first error in one line, empty without one: those after it only say what failed because of it."""
        return self._errors[0] if self._errors else ""

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Errors inside are only remembered: they are the sender's, not the service's."""
        self._errors.clear()
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _take(self, level: int, text: bytes, _data: object) -> None:
        line = text.decode("utf-8", "replace").strip()
        if level != _ERROR or not line:
            return
        self._errors.append(line[:_LONGEST_REASON])
        if not self._quiet:
            log.error("%s", line)


class Switch:
    """Ends a running computation between two steps of its graph, from another thread.

    llama.cpp asks a function for it at each step. That function is libc's own atoi, on a text that is "0" or "1": no
    Python runs there, so asking costs nothing and waits for no lock.
    """

    def __init__(self, context: object) -> None:
        self._text = ctypes.create_string_buffer(b"0")
        self._ask = ctypes.cast(ctypes.CDLL(None).atoi, llama_cpp.ggml_abort_callback)
        llama_cpp.llama_set_abort_callback(context, self._ask, ctypes.cast(self._text, ctypes.c_void_p))

    def __bool__(self) -> bool:
        return self._text.value == b"1"

    def abort(self) -> None:
        self._text.value = b"1"

    def reset(self) -> None:
        self._text.value = b"0"


def grammar_problem(vocabulary: object, grammar: str, native: NativeLog) -> str | None:
    """Why a grammar cannot be used; None when it can. Given to a sampler all the same, a bad one ends the process."""
    rules = _LITERALS.sub("", grammar)
    if "<" in rules:
        return "it names a token by <…>, and one that ends an answer would end the process; write texts instead"
    depth = deepest = 0
    for letter in rules:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST_GRAMMAR:
        return f"its parentheses are nested {deepest} deep; {_DEEPEST_GRAMMAR} can be read"
    with native.kept(), _printed() as lines:
        sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
    if sampler:
        llama_cpp.llama_sampler_free(sampler)
        return None
    said = [line.partition("error parsing grammar: ")[2] for line in lines]
    return next((line[:_LONGEST_REASON] for line in said if line), native.first() or "it cannot be parsed")


@contextmanager
def _printed() -> Iterator[list[str]]:
    """The lines that native code prints to standard error meanwhile: the parser has no other way to give its reason."""
    lines: list[str] = []
    kept = os.dup(2)
    taken = os.memfd_create("said")
    os.dup2(taken, 2)
    try:
        yield lines
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        with os.fdopen(taken, "rb") as file:
            file.seek(0)
            lines += file.read(1 << 16).decode("utf-8", "replace").splitlines()
