"""Answers are read in whatever shape they come, or refused with a reason; garbage is refused in bounded time."""

from __future__ import annotations

import ast
import time

import pytest
from healer.model import Rewrite, UnusableAnswer
from healer.stages.answer import MOST_CHARACTERS, complete, read
from healer.syntax.project import Function, Project
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.healer.answers import CRASHES, SOURCE, Recorded, recorded, target

MODULE = '''"""Rooms."""
from typing import overload

FREE = {"red": 2}


@overload
def rooms(name: str) -> int: ...
@overload
def rooms(name: int) -> int: ...
def rooms(name):
    """How many."""
    left = FREE[name]
    for guest in range(left):
        print(guest)
    return left


class House:
    @property
    def size(self):
        return self._size

    @size.setter
    def size(self, value):
        self._size = int(value)

    def door(self, key, /, *, slow=False, **more):
        return more[key]
'''
PROJECT = Project({"house.py": MODULE})
FUNCTIONS = PROJECT.modules["house.py"].functions
ROOMS = next(f for f in FUNCTIONS if f.name == "rooms" and f.docstring)
GETTER, SETTER = (f for f in FUNCTIONS if f.name == "size")
DOOR = next(f for f in FUNCTIONS if f.name == "door")
FIXED = """def rooms(name):
    left = FREE.get(name, 0)
    for guest in range(left):
        print(guest)
    return left
"""


def the(text: str, function: Function = ROOMS, cut_off: bool = False) -> Rewrite:
    return read(text, function, cut_off=cut_off)


def fenced(code: str, info: str = "python") -> str:
    return f"```{info}\n{code}\n```"


def why(text: str, function: Function = ROOMS, cut_off: bool = False) -> str:
    with pytest.raises(UnusableAnswer) as caught:
        read(text, function, cut_off=cut_off)
    return str(caught.value)


@pytest.mark.parametrize("one", [r for r in recorded() if r.becomes != "refused"], ids=lambda one: one.name)
def test_a_recorded_answer_is_one_function(one: Recorded) -> None:
    function = target(Project({"app.py": SOURCE}), one.crash)
    rewrite = read(one.text, function, cut_off=one.cut_off)
    (node,) = ast.parse(rewrite.function).body
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    assert node.name == CRASHES[one.crash]["function"] and not node.decorator_list
    assert "`" * 3 not in rewrite.function and "crashed here" not in rewrite.function
    for line in rewrite.imports:
        assert isinstance(ast.parse(line).body[0], (ast.Import, ast.ImportFrom)) and "\n" not in line


def test_there_is_something_of_every_kind() -> None:
    kinds = [(one.crash, one.becomes) for one in recorded()]
    assert len(kinds) >= 70
    assert {(crash, becomes) for crash in CRASHES for becomes in ("fixed", "refused", "wrong")} == set(kinds)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("FREE has no such name.\n\n", "FREE has no such name."),
        ("**Cause:** FREE has no such name. So it fails.\n", "FREE has no such name."),
        ("Sure! Here is the fix:\n\nThe name is not in FREE.\n", "The name is not in FREE."),
        ("Here is the corrected function:\n", ""),
        ("The name is\x1b[31m not in \u202eFREE.\n", "The name is[31m not in FREE."),
        ("### Root cause\n1. The name is not in FREE.\n", "The name is not in FREE."),
    ],
)
def test_the_sentence_is_about_the_cause(text: str, sentence: str) -> None:
    assert the(text + fenced(FIXED)).sentence == sentence


def test_imports_come_along_one_by_one() -> None:
    code = "from os import (\n    path,\n    sep as s,\n)\nimport json, math\n\n\n" + FIXED
    assert the(fenced(code)).imports == ("from os import path, sep as s", "import json, math")


@pytest.mark.parametrize(
    "text",
    [
        fenced("rooms = lambda name: FREE.get(name, 0)"),
        fenced("@overload\ndef rooms(name: str) -> int: ...\n@overload\ndef rooms(name: int) -> int: ...\n" + FIXED),
        fenced("def rooms(name):\n    ...\n\n\n" + FIXED),
        fenced("class House:\n    " + FIXED.replace("\n", "\n    ").rstrip() + "\n"),
        fenced("if True:\n    " + FIXED.replace("\n", "\n    ").rstrip() + "\n"),
        fenced(FIXED + "\nThe function now returns 0.\n"),
        fenced("The fix:\n" + FIXED, ""),
        fenced(FIXED.replace("left = FREE.get(name, 0)", 'left = FREE.get(name, 0)\n    """\n```\n    """')),
        "```python def rooms(name):\n" + FIXED.partition("\n")[2] + "```",
        FIXED.replace("name, 0", "name， 0"),
        '{"edits": [{"file": "house.py", "text": "```python\\n' + FIXED.replace("\n", "\\n") + '```"}]}',
    ],
)
def test_more_shapes_are_read(text: str) -> None:
    assert "FREE.get(name, 0)" in the(text).function


def test_a_function_inside_of_the_same_name_is_not_taken_for_it() -> None:
    code = "def rooms(name):\n    def rooms(name):\n        return 1\n    return rooms(name)\n"
    assert the(fenced(code)).function == code


QUERY = """class Store:
    def rows(self, name):
        sql = '''
            select *
          from rooms'''
        found = self.run(sql, name)
        return found[0]
"""


@pytest.mark.parametrize(
    "text",
    [
        fenced(QUERY.partition("\n")[2].replace("found[0]", "found[0] if found else None")),
        fenced(QUERY.replace("found[0]", "found[0] if found else None")),
        "  " + fenced(QUERY.replace("found[0]", "found[0] if found else None")).replace("\n", "\n  "),
        fenced("        return found[0] if found else None"),
        fenced("-return found[0]\n+return found[0] if found else None", "diff"),
        fenced(" found = self.run(sql, name)\n-return found[0]\n+return found[0] if found else None", "diff"),
        "<<<<<<< SEARCH\nreturn found[0]\n=======\nreturn found[0] if found else None\n>>>>>>> REPLACE",
    ],
)
def test_strings_of_several_lines_keep_their_indentation(text: str) -> None:
    (function,) = Project({"store.py": QUERY}).modules["store.py"].functions
    (node,) = ast.parse(the(text, function).function).body
    assert isinstance(node, ast.FunctionDef) and ast.unparse(node.body[2]) == "return found[0] if found else None"
    assert [ast.dump(s) for s in node.body[:2]] == [ast.dump(s) for s in function.node.body[:2]]


def test_setter_and_getter_are_told_by_their_decorators() -> None:
    code = "class House:\n    @property\n    def size(self):\n        return self._size or 0\n\n    @size.setter\n"
    code += "    def size(self, value):\n        self._size = int(value or 0)\n"
    assert "value or 0" in the(fenced(code), SETTER).function
    assert "self._size or 0" in the(fenced(code), GETTER).function


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("def door(self, key, *, slow=False, **more):", "(self, key, *, slow, **more)"),
        ("def door(self, key, /, slow=False, **more):", "(self, key, /, slow, **more)"),
        ("def door(self, key, /, *, slow=False):", "(self, key, /, *, slow)"),
        ("def door(self, lock, /, *, slow=False, **more):", "(self, lock, /, *, slow, **more)"),
        ("def door(key, self, /, *, slow=False, **more):", "(key, self, /, *, slow, **more)"),
    ],
)
def test_other_parameters_are_refused(header: str, told: str) -> None:
    reason = why(fenced(f"{header}\n    return more.get(key)\n"), DOOR)
    assert reason == f"it changes the parameters from (self, key, /, *, slow, **more) to {told}"


def test_other_annotations_and_defaults_are_not() -> None:
    header = "async def door(self: 'House', key: str, /, *, slow: bool = True, **more: int) -> int:"
    code = f"{header}\n    return more.get(key)\n"
    assert the(fenced(code), DOOR).function == code


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "it is empty"),
        ("\x00 \n\ufeff", "it is empty"),
        ("I cannot help with that.", "declines"),
        ("Use get.", "no code"),
        (fenced("def rooms(name):\n    # existing code\n    return 0\n"), "`# existing code`"),
        (fenced(FIXED.replace("print(guest)", "pass  # same as before")), "`# same as before`"),
        (fenced("def rooms(name):\n    left = FREE.get(name, 0)\n    ...\n"), "`...`"),
        (fenced("x = 1\ny = 2\nz = 3\n"), "only a fragment"),
        (fenced("class House:\n    pass\n"), "does not define `rooms`"),
        (fenced("def rooms(name):\n    left = FREE.get(\n"), "not valid Python"),
        ("```python\ndef rooms(name):\n    left = FREE.get(\n", "it was cut off"),
        ("```python\ndef rooms(name):\n    for guest in name:\n", "it was cut off"),
        (fenced("def rooms(name):\n    left = 0\nreturn left\n"), "its indentation is broken"),
        (fenced("def rooms(name):\n        left = 0\n      return left\n    return 1\n"), "not valid Python"),
    ],
)
def test_what_cannot_be_used_is_refused(text: str, part: str) -> None:
    assert part in why(text)


def test_the_weightiest_reason_is_told() -> None:
    original = MODULE[MODULE.index("def rooms(name):") : MODULE.index("class")]
    assert why(f"{fenced(original)}\n\nIt should be:\n\n```python\n{FIXED[:40]}", cut_off=True) == "it was cut off"


def test_a_whole_answer_that_is_followed_by_a_cut_off_one_serves() -> None:
    assert "FREE.get" in the(f"{fenced(FIXED)}\nAnd then\n```python\ndef rooms(na", cut_off=True).function


def test_a_stream_may_end_as_soon_as_it_is_complete() -> None:
    fixed = [one for one in recorded() if one.becomes == "fixed"]
    project = Project({"app.py": SOURCE})
    ending = [one for one in fixed if complete(one.text, target(project, one.crash))]
    assert len(ending) > len(fixed) / 2
    for one in ending:
        function = target(project, one.crash)
        lines = one.text.splitlines(keepends=True)
        enough = next(text for n in range(len(lines) + 1) if complete(text := "".join(lines[:n]), function))
        assert read(enough, function, cut_off=False).function


@pytest.mark.parametrize(
    "text", ["", "```python\ndef f():\n    pass", "```\nsome output\n```", "The `FREE` of ```x``` is", FIXED]
)
def test_it_is_not_complete_before_code_has_ended(text: str) -> None:
    assert not complete(text, ROOMS)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "```python\n" + "(" * (MOST_CHARACTERS - 100),
        "```python\ndef rooms(name):\n    return " + "-" * 20_000 + "1\n```",
        "```python\ndef rooms(name):\n    return " + "+".join(["1"] * 9_000) + "\n```",
        "```python\ndef rooms(name):\n    return " + "[" * 150 + "]" * 150 + "\n```",
        " " * (MOST_CHARACTERS - 10) + "#",
        "\n" * (MOST_CHARACTERS - 10) + "#",
        "```\n" * 5_000,
        "def rooms(name):\n" * 1_300,
        "<<<<<<< SEARCH\n" * 1_500,
        '{"' * 10_000,
        "- " * 10_000,
        "```python\n" + FIXED * 180 + "```",
        "```python\n" + MODULE[MODULE.index("def rooms(name):") : MODULE.index("class")] * 100 + "```",
        "```python\n" + "left = FREE[name]\n" * 1_200 + "```",
        "```diff\n" + "-left = FREE[name]\n+left = 0\n@@\n" * 600 + "```",
        "<think>" * 3_000,
        "\ud800def rooms(name):\n    return '\udfff'",
    ],
    ids=lambda text: repr(text[:24]),
)
@pytest.mark.parametrize("cut_off", [False, True])
def test_garbage_takes_bounded_time(text: str, cut_off: bool) -> None:
    began = time.process_time()
    try:
        assert ast.parse(read(text, ROOMS, cut_off=cut_off).function)
    except UnusableAnswer as error:
        assert str(error)
    complete(text[:MOST_CHARACTERS], ROOMS)
    assert time.process_time() - began < 10  # a fifth of a second is usual; what grows without bound takes minutes


PARTS = st.sampled_from(
    [
        *(
            "```",
            "```python\n",
            "~~~\n",
            "\n",
            "    ",
            "\t",
            "def rooms(name):",
            "return left",
            "left = FREE[name]",
            '"""',
        ),
        *("class House:\n", "@@ -1 +1 @@\n", "+", "-", " ", "<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n", "{"),
        *("<|im_end|>", "</s>", ">>> ", "12: ", "# ...", "...", "lambda name: 0", "\x00", "\ud800", "“", "\u00a0"),
        *('"code": "', "'", "(", ")", "\\", "\r", "async ", "import x"),
    ]
)


@settings(max_examples=300, deadline=1000)
@given(st.one_of(st.lists(PARTS, max_size=40).map("".join), st.text(max_size=300)), st.booleans())
def test_nothing_but_a_refusal_is_raised(text: str, cut_off: bool) -> None:
    complete(text, ROOMS)
    try:
        rewrite = read(text, ROOMS, cut_off=cut_off)
    except UnusableAnswer as error:
        assert str(error)
    else:
        assert len(ast.parse(rewrite.function).body) == 1


@settings(max_examples=150, deadline=1000)
@given(st.sampled_from([one for one in recorded() if one.becomes == "fixed"]), st.data())
def test_a_damaged_answer_is_read_or_refused(one: Recorded, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(one.text)))
    end = data.draw(st.integers(start, min(len(one.text), start + 30)))
    text = one.text[:start] + data.draw(PARTS) + one.text[end:]
    try:
        read(text, target(Project({"app.py": SOURCE}), one.crash), cut_off=False)
    except UnusableAnswer as error:
        assert str(error)
