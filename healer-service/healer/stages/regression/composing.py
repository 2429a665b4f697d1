"""The lines of a test that sends requests, in the style of its scene. It does not say where they go."""

from __future__ import annotations

import re
from collections.abc import Mapping

from healer.stages.regression import naming
from healer.stages.regression.expectations import Expectation
from healer.stages.regression.identifiers import keys_of, replaced
from healer.stages.regression.literals import Group, Name, Piece, Text, around, flat, laid_out, quoted, written
from healer.stages.regression.placing import names_taken
from healer.stages.regression.scene import Scene
from healer.stages.regression.sending import sending
from healer.stages.regression.steps import Step, Steps, variables


class Lines:
    """Collects statements at an indentation."""

    def __init__(self, scene: Scene, indent: str) -> None:
        self._page = scene.habits.page
        self._unittest = scene.unittest
        self.indent = indent
        self.all: list[str] = []

    def add(self, piece: Piece) -> None:
        self.all += (self.indent + laid_out(piece, self._page, self.indent)).split("\n")

    def equal(self, actual: Piece, value: object) -> None:
        """An assertion; a call is broken into lines where there is one, else the value."""
        literal = written(value, self._page.quote)
        single = value is None or isinstance(value, bool)
        if self._unittest:
            called = f"self.assertIs{value}({flat(actual)}" if single else f"self.assertEqual({flat(actual)}, "
            self.add(f"{called})" if single else around(called, literal, ")"))
        elif isinstance(actual, Group) or single:
            self.add(around("assert ", actual, f" is {value}" if single else f" == {flat(literal)}"))
        else:
            self.add(around(f"assert {actual} == ", literal))


def compose(
    scene: Scene, steps: Steps, expectation: Expectation, name: str, headers: Mapping[int, Mapping[str, str]]
) -> list[str]:
    """`headers`: by the number of the step. Raises Unwritable for what has no place in a test."""
    test = _Test(scene, steps, headers)
    test.open(name)
    for step in steps.all[:-1]:
        test.set_up(step)
    test.ask(expectation)
    return test.lines.all


class _Test:
    def __init__(self, scene: Scene, steps: Steps, headers: Mapping[int, Mapping[str, str]]) -> None:
        self._scene, self._steps, self._headers = scene, steps, headers
        self._quote = scene.habits.page.quote
        named = variables(steps.used, _taken(scene))
        self._names = {made: Name(word) for made, word in named.items()}
        self.lines = Lines(scene, scene.habits.page.unit if scene.owner is not None else "")

    def open(self, name: str) -> None:
        """Down to where the first request goes."""
        scene, lines, unit = self._scene, self.lines, self._scene.habits.page.unit
        for mark in scene.habits.marks:
            lines.add(f"@{mark}")
        parameters = (*(["self"] if scene.owner is not None else []), *scene.parameters)
        head = f"{'async ' if scene.client.awaited else ''}def {name}("
        lines.add(Group(head, parameters, ") -> None:" if scene.habits.hints else "):"))
        lines.indent += unit
        if scene.habits.docstrings:
            lines.add(f'"""{naming.sentence(name)}"""')
        for line in scene.opening.before:
            lines.add(line)
        if scene.opening.around:
            lines.add(scene.opening.around)
            lines.indent += unit
        for line in scene.opening.inside:
            lines.add(line)

    def set_up(self, step: Step) -> None:
        call = self._call(step)
        shown = [made for made in self._steps.used if made.step == step.number]
        if not shown:
            self.lines.add(call)
        elif len(shown) == 1:
            (made,) = shown
            self.lines.add(around(f"{self._names[made].source} = ", self._json(call), self._subscripts(made.pointer)))
        else:
            self.lines.add(around("made = ", self._json(call)))
            for made in shown:
                self.lines.add(f"{self._names[made].source} = made{self._subscripts(made.pointer)}")

    def ask(self, expectation: Expectation) -> None:
        habits, lines = self._scene.habits, self.lines
        call = self._call(self._steps.all[-1], follow=not 300 <= expectation.status < 400)
        inline = around("assert ", call, f".status_code == {expectation.status}")
        short = len(lines.indent) + len(flat(inline)) <= habits.page.width and not self._scene.client.awaited
        if habits.inline and short and not self._scene.unittest and expectation == Expectation(expectation.status):
            lines.add(inline)
            return
        source = f"{habits.answer}{habits.json}"
        lines.add(around(f"{habits.answer} = ", call))
        lines.equal(f"{habits.answer}.status_code", expectation.status)
        if expectation.has_whole:
            lines.equal(source, replaced(expectation.whole, self._names))
        if len(expectation.parts) > 1:
            lines.add(f"body = {source}")
            source = "body"
        for key, value in expectation.parts:
            lines.equal(f"{source}[{quoted(key, self._quote)}]", replaced(value, self._names))

    def _call(self, step: Step, *, follow: bool = True) -> Piece:
        headers: dict[str, object] = {**self._headers[step.number]}
        access, token = self._scene.access, self._steps.token
        if token is not None and not access and token.step < step.number and "authorization" in step.request.headers:
            headers["Authorization"] = Text(("Bearer ", self._names[token]))
        return sending(step, self._scene.client, self._names, headers, quote=self._quote, access=access, follow=follow)

    def _json(self, call: Piece) -> Piece:
        before, after = ("(", ")") if self._scene.client.awaited else ("", "")
        return around(before, call, after + self._scene.habits.json)

    def _subscripts(self, pointer: str) -> str:
        keys = (key if key.isdecimal() else quoted(key, self._quote) for key in keys_of(pointer))
        return "".join(f"[{key}]" for key in keys)


def _taken(scene: Scene) -> frozenset[str]:
    """Names that mean something in the test or its file."""
    top = names_taken(scene.module) if scene.module is not None else frozenset[str]()
    own = " ".join((*scene.parameters, *scene.opening.before, scene.opening.around, *scene.opening.inside))
    return top | set(re.findall(r"\w+", own)) | {scene.client.source, scene.habits.answer, "body", "made", "app"}
