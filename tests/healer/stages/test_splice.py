"""Only what differs changes; what the new code needs is imported from where it may come, or the answer is refused."""

from __future__ import annotations

import ast
import copy
import json
import os
import random
import re
import sys
import types
from pathlib import Path
from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient
from healer.model import Change, Rewrite, UnusableAnswer
from healer.stages.answer import read
from healer.stages.splice import splice
from healer.syntax.merging import has_docstring, without_docstring
from healer.syntax.project import Function, FunctionNode, Project

from tests.healer.answers import CRASHES, REFERENCE_LINES, SOURCE, Recorded, recorded, target

NONE: frozenset[str] = frozenset()


def find(project: Project, name: str, path: str = "app.py") -> Function:
    return next(f for f in project.modules[path].functions if f.name == name)


def spliced(before: str, new: str, *imports: str, name: str = "f", others: dict[str, str] | None = None) -> str:
    project = Project({"app.py": before, **(others or {})})
    (change,) = splice(project, find(project, name), Rewrite("", new, imports), NONE)
    assert (change.file, change.before) == ("app.py", before)
    return change.after


def why(before: str, new: str, *imports: str, others: dict[str, str] | None = None) -> str:
    with pytest.raises(UnusableAnswer) as caught:
        spliced(before, new, *imports, others=others)
    return str(caught.value)


# The recorded answers


def the_change(one: Recorded) -> Change:
    project = Project({"app.py": SOURCE})
    function = target(project, one.crash)
    (change,) = splice(project, function, read(one.text, function, cut_off=one.cut_off), NONE)
    return change


def changed_lines(change: Change) -> list[str]:
    return [line for line in change.diff.split("\n")[2:] if line[:1] in ("+", "-")]


@pytest.mark.parametrize("one", [r for r in recorded() if r.becomes == "refused"], ids=lambda one: one.name)
def test_a_recorded_answer_is_refused(one: Recorded) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        the_change(one)
    assert one.why and one.why in str(caught.value)


@pytest.mark.parametrize("one", [r for r in recorded() if r.becomes != "refused"], ids=lambda one: one.name)
def test_a_recorded_answer_changes_the_function_only(one: Recorded) -> None:
    change = the_change(one)
    node = target(Project({"app.py": SOURCE}), one.crash).node
    old, new = SOURCE.split("\n"), change.after.split("\n")
    below = len(old) - (node.end_lineno or 0)
    assert new[len(new) - below :] == old[len(old) - below :]
    head = node.lineno - 1
    fresh = [line for line in new[: new.index(old[head])] if line not in old]
    assert all(line.startswith(("import ", "from ")) for line in fresh)
    if not fresh:
        assert new[:head] == old[:head]
    assert ("Names are kept in lower case." in change.after) or one.crash == "method"


@pytest.mark.parametrize("one", [r for r in recorded() if r.becomes == "fixed"], ids=lambda one: one.name)
def test_a_recorded_fix_is_small_and_right(one: Recorded) -> None:
    change = the_change(one)
    assert len(changed_lines(change)) <= REFERENCE_LINES[one.crash] + 4
    wanted = CRASHES[one.crash]["wanted"]
    status, body = answered(change.after, one.crash)
    assert status == wanted["status"]
    assert "json" not in wanted or body == wanted["json"]


def test_the_service_crashes_as_reported_before() -> None:
    for crash, found in CRASHES.items():
        with pytest.raises(Exception) as caught:
            answered(SOURCE, crash)
        assert type(caught.value).__name__ == found["exception"]["type"]
        assert str(caught.value) == found["exception"]["message"]


def answered(source: str, crash: str) -> tuple[int, object]:
    module = types.ModuleType("app")
    request = CRASHES[crash]["request"]
    with patch.dict(sys.modules, {"app": module}):  # where dataclasses look for the names of annotations
        exec(compile(source, "app.py", "exec"), module.__dict__)
    with TestClient(module.app) as client:
        answer = client.request(request["method"], request["path"])
        for path in ("/targets/vega/altitude?hour=21", "/telescopes/dobson/usage"):
            assert client.get(path).status_code == 200
    return answer.status_code, json.loads(answer.text)


# Layout

LAYOUTS = """
== quotes, comments and layout of the rest
def f(a):
    '''Doc.'''
    # one
    x = {  'k':a , # why
      }


    # two
    return x ['k']   # three
-- rewritten as
def f(a):
    x = {"k": a}
    # second
    return x.get("k")
-- becomes
def f(a):
    '''Doc.'''
    # one
    x = {  'k':a , # why
      }


    # two
    return x.get("k")   # three
== a guard above a commented statement
def f(a):
    x = a

    # why
    return x.b
-- rewritten as
def f(a):
    x = a
    # no x, no b
    if not x:
        return None

    # why
    return x.b
-- becomes
def f(a):
    x = a
    # no x, no b
    if not x:
        return None

    # why
    return x.b
== only the value in a line of many
def f(a):
    return dict(
        # first
        b=a.b,
        c=a['c'],  # note
    )
-- rewritten as
def f(a):
    return dict(b=a.b, c=a.get("c"))
-- becomes
def f(a):
    return dict(
        # first
        b=a.b,
        c=a.get("c"),  # note
    )
== parentheses where they are needed
def f(a, b):
    return a * b
-- rewritten as
def f(a, b):
    return a * (b or 1)
-- becomes
def f(a, b):
    return a * (b or 1)
== the condition of an elif
def f(a):
    if a:  # one
        return 1
    elif a.b:  # two
        return 2
    else:  # three
        return 3
-- rewritten as
def f(a):
    if a:
        return 1
    elif a is not None and a.b:
        return 2
    else:
        return 3
-- becomes
def f(a):
    if a:  # one
        return 1
    elif a is not None and a.b:  # two
        return 2
    else:  # three
        return 3
== a branch before the first
def f(a):
    if a.b:  # has b
        return 1
    return 2
-- rewritten as
def f(a):
    if a is None:
        return 0
    elif a.b:
        return 1
    return 2
-- becomes
def f(a):
    if a is None:
        return 0
    elif a.b:  # has b
        return 1
    return 2
== the first branch gone
def f(a):
    if a.b:
        return 1
    elif a:  # why
        return 2
    return 3
-- rewritten as
def f(a):
    if a:
        return 2
    return 3
-- becomes
def f(a):
    if a:  # why
        return 2
    return 3
== an else
def f(a):
    for x in a:
        # why
        print(x)
    return 1
-- rewritten as
def f(a):
    for x in a:
        print(x)
    else:
        print(0)
    return 1
-- becomes
def f(a):
    for x in a:
        # why
        print(x)
    else:
        print(0)
    return 1
== another handler
def f(a):
    try:
        return int(a)  # one
    except ValueError:  # two
        return 0
    finally:
        print(a)
-- rewritten as
def f(a):
    try:
        return int(a)
    except (TypeError, ValueError):
        return 0
    except OverflowError as e:
        return 1
    finally:
        print(a)
-- becomes
def f(a):
    try:
        return int(a)  # one
    except (TypeError, ValueError):  # two
        return 0
    except OverflowError as e:
        return 1
    finally:
        print(a)
== wrapped in try
def f(a):
    # one
    x = a['k']  # two
    # three
    return x
-- rewritten as
def f(a):
    try:
        x = a["k"]
        return x
    except KeyError:
        return None
-- becomes
def f(a):
    # one
    try:
        x = a['k']  # two
        # three
        return x
    except KeyError:
        return None
== with, while and match
def f(a):
    with open(a) as b, open(a) as c:  # one
        while b:  # two
            match c:
                case 1:  # three
                    return b.x
                case _:
                    pass
-- rewritten as
def f(a):
    with open(a) as b, open(a) as c:
        while b and c:
            match c:
                case 0:
                    return 0
                case 1:
                    return b.y
                case _:
                    pass
-- becomes
def f(a):
    with open(a) as b, open(a) as c:  # one
        while b and c:  # two
            match c:
                case 0:
                    return 0
                case 1:  # three
                    return b.y
                case _:
                    pass
== one-line statements
def f(a):
    if a: return a.b  # one
    for x in a: print(x); print(a)
    return 1
-- rewritten as
def f(a):
    if a: return a.c
    for x in a:
        print(x)
        if x:
            print(a)
    return 1
-- becomes
def f(a):
    if a: return a.c  # one
    for x in a:
        print(x)
        if x:
            print(a)
    return 1
== a one-line function
def f(a): return a.b  # one
-- rewritten as
def f(a):
    return a.c
-- becomes
def f(a): return a.c  # one
== a one-line function that grows
def f(a): return a.b  # one
-- rewritten as
def f(a):
    if not a:
        return None
    return a.b
-- becomes
def f(a):  # one
    if not a:
        return None
    return a.b
== semicolons
def f(a):
    x = 1; y = a['k']  # one
    return x, y
-- rewritten as
def f(a):
    x = 1
    y = a.get("k")
    return x, y
-- becomes
def f(a):
    x = 1; y = a.get("k")  # one
    return x, y
== a statement between semicolons
def f(a):
    x = 1; return a[x]
-- rewritten as
def f(a):
    x = 1
    if not a:
        return None
    return a[x]
-- becomes
def f(a):
    x = 1
    if not a:
        return None
    return a[x]
== backslashes
def f(a):
    x = a + \\
        1
    return x
-- rewritten as
def f(a):
    x = a + 1
    return x or 0
-- becomes
def f(a):
    x = a + \\
        1
    return x or 0
== tabs
def f(a):
\tif a:
\t\treturn a.b
\treturn 1
-- rewritten as
def f(a):
  if a:
    for b in a:
      if b:
        return b
    return a.b
  return 1
-- becomes
def f(a):
\tif a:
\t\tfor b in a:
\t\t\tif b:
\t\t\t\treturn b
\t\treturn a.b
\treturn 1
== two spaces
def f(a):
  return a.b
-- rewritten as
def f(a):
    if a is None:
        return [
            1,
        ]
    return a.b
-- becomes
def f(a):
  if a is None:
    return [
        1,
    ]
  return a.b
== strings of several lines
def f(a):
    x = \"\"\"
  kept
\"\"\"
    return x + a
-- rewritten as
def f(a):
    if a is None:
        a = \"\"\"
   as it is
\"\"\"
    x = \"\"\"
  kept
\"\"\"
    return x + a
-- becomes
def f(a):
    if a is None:
        a = \"\"\"
   as it is
\"\"\"
    x = \"\"\"
  kept
\"\"\"
    return x + a
== a function inside
def f(a):
    def g(b):
        # why
        return b.c

    return g(a)
-- rewritten as
def f(a):
    def g(b):
        return b.c if b else None
    return g(a)
-- becomes
def f(a):
    def g(b):
        # why
        return b.c if b else None

    return g(a)
== decorators, signature and async
@d(
    1
)
async def f(a: int = 1, *, b) -> int:  # why
    return a.b
-- rewritten as
def f(a, *, b=2):
    return a.c
-- becomes
@d(
    1
)
async def f(a: int = 1, *, b) -> int:  # why
    return a.c
== a docstring and nothing else
class C:
    def f(self):
        \"\"\"Doc.\"\"\"
-- rewritten as
def f(self):
    return 1
-- becomes
class C:
    def f(self):
        \"\"\"Doc.\"\"\"
        return 1
== a statement gone with its comment
def f(a):
    # one
    x = a.b

    # two
    y = a
    return y
-- rewritten as
def f(a):
    y = a
    return y
-- becomes
def f(a):
    # two
    y = a
    return y
== walrus, lambda and f-string
def f(a):
    if (n := len(a)) > 1:
        return f'{n!r:>{n}}'
    return (lambda x: x.b)(a)
-- rewritten as
def f(a):
    if (n := len(a or [])) > 1:
        return f'{n!r:>{n}}'
    return (lambda x: x.c)(a)
-- becomes
def f(a):
    if (n := len(a or [])) > 1:
        return f'{n!r:>{n}}'
    return (lambda x: x.c)(a)
"""
LINE_ENDS = {
    "no line end at the end": (
        "def f(a):\n    return a.b",
        "def f(a):\n    return a.c\n",
        "def f(a):\n    return a.c",
    ),
    "other line ends": (
        "import os\r\n\r\ndef f(a):\r\n    # é\r\n    x = a.b\r\n    return x\r\n",
        "def f(a):\n    x = a.c\n    if not x:\n        return 0\n    return x\n",
        "import os\r\n\r\ndef f(a):\r\n    # é\r\n    x = a.c\r\n    if not x:\r\n        return 0\r\n    return x\r\n",
    ),
    "mixed line ends": (
        "import os\nA = 1\r\n\r\ndef f(a):\r\n    return a.b\r\nB = 1\n",
        "def f(a):\n    return a.c\n",
        "import os\nA = 1\r\n\r\ndef f(a):\r\n    return a.c\r\nB = 1\n",
    ),
}


def layouts() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = dict(LINE_ENDS)
    for part in LAYOUTS.split("== ")[1:]:
        name, _, text = part.partition("\n")
        found[name] = tuple(re.split(r"^-- .*\n", text, flags=re.M))
    return found


@pytest.mark.parametrize("layout", layouts())
def test_the_layout_stays(layout: str) -> None:
    before, new, after = layouts()[layout]
    assert spliced(before, new) == after


# Imports and names

SERVICE = {
    "store.py": "from decimal import Decimal\nimport logging as log\n\nROOMS = {}\n\n\ndef find(*names): ...\n",
    "rules.py": "from app import f\n\nLIMIT = 3\n",
    "words.py": "from store import ROOMS\n\nHELLO = 'hi'\n",
}
BEFORE = '"""Doc."""\nimport os\nfrom store import find\n\n\ndef f(a):\n    return find(os, a)\n'


@pytest.mark.parametrize(
    ("new", "imports", "head"),
    [
        ("def f(a):\n    return json.loads(a)\n", ["import json"], "import json\nimport os\nfrom store import find\n"),
        (
            "def f(a):\n    return js.loads(a)\n",
            ["import json as js"],
            "import json as js\nimport os\nfrom store import find\n",
        ),
        (
            "def f(a):\n    return os.path.join(a)\n",
            ["import os.path"],
            "import os\nimport os.path\nfrom store import find\n",
        ),
        ("def f(a):\n    return ROOMS[a]\n", ["from store import ROOMS"], "import os\nfrom store import ROOMS, find\n"),
        (
            "def f(a):\n    return R[a]\n",
            ["from store import ROOMS as R"],
            "import os\nfrom store import ROOMS as R, find\n",
        ),
        (
            "def f(a):\n    return find(os, 1)\n",
            ["import json", "from store import ROOMS"],
            "import os\nfrom store import find\n",
        ),
        (
            "def f(a):\n    import json\n    return json.loads(a)\n",
            [],
            "import json\nimport os\nfrom store import find\n",
        ),
        (
            "def f(a):\n    return find(1, a)\n",
            ["from __future__ import annotations"],
            "import os\nfrom store import find\n",
        ),
        ("def f(a):\n    return Decimal(a)\n", [], "import os\nfrom store import find\nfrom decimal import Decimal\n"),
        ("def f(a):\n    return log.info(a)\n", [], "import logging as log\nimport os\nfrom store import find\n"),
        ("def f(a):\n    return json.loads(a)\n", [], "import json\nimport os\nfrom store import find\n"),
        ("def f(a):\n    return ROOMS[a]\n", [], "import os\nfrom store import ROOMS, find\n"),
        ("def f(a):\n    return HELLO + a\n", [], "import os\nfrom store import find\nfrom words import HELLO\n"),
        (
            "def f(a):\n    return find(os, 1)\n",
            ["from app import find", "from .store import find"],
            "import os\nfrom store import find\n",
        ),
        (
            "def f(a: Optional[int]):\n    return find(os, 1)\n",
            ["from typing import Optional"],
            "import os\nfrom store import find\n",
        ),
        ("def f(a):\n    return [x for x in a if (y := x)] + [y]\n", [], "import os\nfrom store import find\n"),
        (
            "def f(a):\n    class C:\n        b = 1\n        c = b\n    return C, __name__\n",
            [],
            "import os\nfrom store import find\n",
        ),
    ],
)
def test_what_it_needs_is_imported(new: str, imports: list[str], head: str) -> None:
    after = spliced(BEFORE, new, *imports, others=SERVICE)
    assert after.partition("\n\n\n")[0] + "\n" == f'"""Doc."""\n{head}'
    assert "import" not in after.partition("def f(a):")[2]


@pytest.mark.parametrize(
    ("new", "imports", "part"),
    [
        (
            "def f(a):\n    return requests.get(a)\n",
            ["import requests"],
            "it imports `requests`, which the service does not depend on",
        ),
        ("def f(a):\n    import requests\n    return requests.get(a)\n", [], "it imports `requests`"),
        (
            "def f(a):\n    try:\n        import requests\n    except ImportError:\n        return requests.x\n",
            [],
            "it imports `requests`",
        ),
        (
            "def f(a):\n    return ROOM[a]\n",
            ["from store import ROOM"],
            "it imports `ROOM` from `store`, which has no such name",
        ),
        ("def f(a):\n    return No(a)\n", ["from store.errors import No"], "`store.errors`, which does not exist here"),
        ("def f(a):\n    return x(a)\n", ["from os import *"], "does not say what it imports"),
        ("def f(a):\n    return LIMIT + a\n", ["from rules import LIMIT"], "would be a circular import"),
        (
            "def f(a):\n    return LIMIT + a\n",
            [],
            "it uses `LIMIT`, and `from rules import LIMIT` would be a circular import",
        ),
        ("def f(a):\n    return os(a)\n", ["from json import loads as os"], "gives `os` another meaning"),
        ("def f(a):\n    return lookup(a)\n", [], "it uses `lookup`, which does not exist here"),
        ("def f(a):\n    return json\n", [], "it uses `json`, which does not exist here"),
        (
            "def f(a):\n    class C:\n        b = 1\n        def g(self):\n            return b\n    return C\n",
            [],
            "it uses `b`",
        ),
        ("def f(a):\n    return [y for y in a], y\n", [], "it uses `y`"),
        (
            "def f(a):\n    return await find(a)\n",
            [],
            "does not compile where it stands: 'await' outside async function",
        ),
        ("def f(a):\n    nonlocal a\n    return 1\n", [], "does not compile where it stands"),
        ("def f(a):\n    def f(b):\n        return b\n    return f(a)\n", [], "it defines `f` inside `f`"),
        ("def f(a):\n    return find(os, a)\n", [], "it changes nothing"),
        (
            'def f(a):\n    """New words."""\n    # and a comment\n    return (find( os , a ))\n',
            ["import json"],
            "it changes nothing",
        ),
        ('def f(a):\n    """Only words."""\n', [], "its function has no body"),
    ],
)
def test_what_may_not_be_is_refused(new: str, imports: list[str], part: str) -> None:
    assert part in why(BEFORE, new, *imports, others=SERVICE)


def test_what_the_service_depends_on_may_be_imported() -> None:
    project = Project({"app.py": BEFORE})
    rewrite = Rewrite("", "def f(a):\n    return httpx.get(a)\n", ("import httpx",))
    (change,) = splice(project, find(project, "f"), rewrite, frozenset({"httpx"}))
    assert "import httpx\nimport os\n" in change.after


def test_an_import_alone_may_be_the_fix() -> None:
    before = "def f(a):\n    return json.loads(a)\n"
    assert spliced(before, before, "import json") == "import json\n" + before


def test_an_import_that_would_be_circular_stays_in_the_function() -> None:
    new = "def f(a):\n    from rules import LIMIT\n    return LIMIT + a\n"
    assert "def f(a):\n    from rules import LIMIT\n    return LIMIT + a\n" in spliced(BEFORE, new, others=SERVICE)


def test_an_import_that_would_change_the_module_stays_in_the_function() -> None:
    before = "from datetime import datetime\n\n\ndef f(a):\n    return a\n\n\ndef g():\n    return datetime.now()\n"
    after = spliced(before, "def f(a):\n    import datetime\n    return datetime.date(a)\n")
    assert (
        "def f(a):\n    import datetime\n    return datetime.date(a)\n" in after and after.count("import datetime") == 2
    )


def test_a_name_that_was_unknown_before_is_not_held_against_it() -> None:
    assert spliced("def f(a):\n    return magic(a.b)\n", "def f(a):\n    return magic(a.c)\n").endswith("magic(a.c)\n")


def test_names_of_a_star_import_are_not_called_unknown() -> None:
    assert "HELLO" in spliced(
        "from words import *\n\n\ndef f(a):\n    return a\n", "def f(a):\n    return HELLO\n", others=SERVICE
    )
    assert "sin" in spliced("from math import *\n\n\ndef f(a):\n    return a\n", "def f(a):\n    return sin(a)\n")
    assert "it uses `BYE`" in why(
        "from words import *\n\n\ndef f(a):\n    return a\n", "def f(a):\n    return BYE\n", others=SERVICE
    )


def test_relative_imports_are_understood() -> None:
    before = "from .store import find\n\n\ndef f(a):\n    return find(a)\n"
    others = {"house/store.py": SERVICE["store.py"], "house/__init__.py": ""}
    project = Project({"house/app.py": before, **others})
    rewrite = Rewrite("", "def f(a):\n    return ROOMS.get(a)\n", ("from .store import ROOMS",))
    (change,) = splice(project, find(project, "f", "house/app.py"), rewrite, NONE)
    assert change.after == before.replace("import find", "import ROOMS, find").replace("find(a)", "ROOMS.get(a)")


def test_a_neighbour_is_imported_as_the_others_do() -> None:
    sources = {"house/app.py": "def f(a):\n    return a.b\n", "house/words.py": "from .store import ROOMS\n"}
    project = Project({**sources, "house/store.py": "ROOMS = {}\n", "house/__init__.py": ""})
    rewrite = Rewrite("", "def f(a):\n    return ROOMS.get(a)\n")
    (change,) = splice(project, find(project, "f", "house/app.py"), rewrite, NONE)
    assert change.after == "from .store import ROOMS\ndef f(a):\n    return ROOMS.get(a)\n"


# Real functions

MODULES = [
    "argparse",
    "ast",
    "calendar",
    "cmd",
    "colorsys",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "difflib",
    "fnmatch",
]
MODULES += [
    "fractions",
    "functools",
    "gettext",
    "glob",
    "heapq",
    "inspect",
    "mailcap",
    "ntpath",
    "queue",
    "random",
    "sched",
]
MODULES += ["shlex", "shutil", "statistics", "string", "tempfile", "textwrap", "tokenize", "warnings"]
PER_MODULE = 6


def real(name: str) -> Path:
    return Path(os.__file__).parent / f"{name}.py"


def mutated(node: FunctionNode, chance: random.Random) -> FunctionNode:
    """A copy with one statement added, wrapped or taken out, or one expression changed."""
    new = copy.deepcopy(node)
    blocks = [
        block
        for inner in ast.walk(new)
        for field in ("body", "orelse", "finalbody")
        if isinstance(block := getattr(inner, field, None), list) and block
    ]
    block = chance.choice(blocks)
    index = chance.randrange(has_docstring(new) and block is new.body, len(block)) if len(block) > 1 else 0
    guard = ast.parse("if len(str(1)) > 1:\n    raise ValueError('more')").body
    attempt = ast.parse("try:\n    pass\nexcept ValueError:\n    raise KeyError from None").body[0]
    assert isinstance(attempt, ast.Try)
    way = chance.randrange(6)
    if way == 0:
        block[index:index] = guard
    elif way == 1:
        attempt.body = [block[index]]
        block[index] = attempt
    elif way == 2:
        block[index : index + 1] = [*guard, ast.Pass()]
    elif way == 3 and len(block) > 2:
        block[index + 1 :] = guard
    else:
        expressions = [n for n in ast.walk(new) if isinstance(n, (ast.Return, ast.If, ast.Assign, ast.While))]
        for one in expressions[: chance.randrange(1, 4)]:
            field = "test" if isinstance(one, (ast.If, ast.While)) else "value"
            old = getattr(one, field) or ast.Constant(None)
            setattr(one, field, ast.IfExp(ast.Name("len", ast.Load()), old, ast.Constant("no")))
    return new


@pytest.mark.parametrize("name", [name for name in MODULES if real(name).exists()])
def test_real_functions_become_what_they_should(name: str) -> None:
    chance = random.Random(name)
    source = real(name).read_text(encoding="utf-8")
    project = Project({"app.py": source})
    functions = [f for f in project.modules["app.py"].functions if without_docstring(f.node)]
    done = 0
    for function in chance.sample(functions, min(PER_MODULE, len(functions))):
        with pytest.raises(UnusableAnswer, match="it changes nothing"):
            splice(project, function, Rewrite("", ast.unparse(function.node)), NONE)
        code = ast.unparse(ast.fix_missing_locations(mutated(function.node, chance)))
        (wanted,) = ast.parse(code).body
        assert isinstance(wanted, (ast.FunctionDef, ast.AsyncFunctionDef))
        if list(map(ast.dump, wanted.body)) == list(map(ast.dump, function.node.body)):
            continue
        try:
            (change,) = splice(project, function, Rewrite("", code), NONE)
        except UnusableAnswer as error:
            assert "which does not exist here" in str(error)  # the statement that bound the name is gone
            continue
        check_only(function, wanted, source, change.after)
        done += 1
    assert done


def check_only(function: Function, wanted: FunctionNode, source: str, after: str) -> None:
    node = function.node
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    old, new = source.split("\n"), after.split("\n")
    below = len(old) - (node.end_lineno or 0)
    assert new[: first - 1] == old[: first - 1]
    assert new[len(new) - below :] == old[len(old) - below :]
    found = next(
        n
        for n in ast.walk(ast.parse(after))
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (n.lineno, n.col_offset) == (node.lineno, node.col_offset)
    )
    assert list(map(ast.dump, without_docstring(found))) == list(map(ast.dump, without_docstring(wanted)))
    assert ast.get_docstring(found, clean=False) == ast.get_docstring(node, clean=False)
    assert ast.dump(found.args) == ast.dump(node.args) and type(found) is type(node)
