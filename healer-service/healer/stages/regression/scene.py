"""Where a new test stands and what it has at hand: the file, the class, the client, fixtures, and how to sign in.

It follows an example of the repository where there is one, and builds a client from the service's entry where not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from healer.model import Request
from healer.stages.regression import example as examples
from healer.stages.regression import habits, placing
from healer.stages.regression.example import Example, Opening
from healer.stages.regression.habits import Habits
from healer.stages.regression.literals import Page
from healer.stages.regression.repository import Repository
from healer.stages.regression.sending import Client
from healer.stages.regression.suite import Fixture, OwnTests, maker_in
from healer.syntax.project import Module

_ENTRY = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)(\(\))?")
_CLIENTS = ("fastapi", "starlette", "flask")
_STARTS = re.compile(r"\blifespan\b|on_event\(\s*[\"']startup|\bon_startup\b|add_event_handler\(\s*[\"']startup")
NOTHING = Opening((), (), "", ())


@dataclass(frozen=True)
class Scene:
    path: str
    module: Module | None  # None for a new file
    owner: ast.ClassDef | None
    client: Client
    opening: Opening
    parameters: tuple[str, ...]  # as they are written, with their annotations
    habits: Habits
    access: str = ""  # source of the headers that sign in
    head: tuple[str, ...] = ()  # of a new file

    @property
    def unittest(self) -> bool:
        return self.owner is not None and self.module is not None and is_unittest(self.module, self.owner)


def is_unittest(module: Module, owner: ast.ClassDef) -> bool:
    bases = [ast.unparse(base) for base in owner.bases]
    above = [module.classes[base] for base in bases if base in module.classes and module.classes[base] is not owner]
    return any(base.endswith("TestCase") for base in bases) or any(is_unittest(module, one) for one in above)


def find(repository: Repository, request: Request, framework: str | None, *, access: bool, word: str) -> Scene | None:
    """`access`: a header that was redacted is needed. `word`: what a new file would be called after."""
    tests = repository.tests
    followed = examples.find(tests, request, framework, access=access)
    if followed is not None:
        found = _following(repository, followed, word)
        if found is not None:
            return found if not access or found.access or followed.likeness else None
    if access:
        return None
    fixture = _client_fixture(tests)
    if fixture is not None:
        return _with_fixture(repository, fixture, word)
    return _from_entry(repository, framework, word)


def _following(repository: Repository, followed: Example, word: str) -> Scene | None:
    tests, use = repository.tests, followed.use
    access = use.module.text(followed.headers) if followed.headers is not None else ""
    opening = examples.opening(use, examples.needed_by(use) if access else {use.root})
    if opening is None:
        return None
    client = Client(use.module.text(use.client), followed.kind, use.awaited, use.origin, followed.base)
    effects = examples.effects(tests, use) if followed.likeness else []
    wanted = [arg for arg in followed.test.params if arg.arg in (*opening.parameters, *effects)]
    scene = Scene(
        use.module.path,
        use.module,
        followed.test.owner,
        client,
        opening,
        tuple(use.module.text(arg) for arg in wanted),
        habits.of(use.module, followed.test, followed.kind),
        access,
    )
    elsewhere = _elsewhere(repository, scene, [arg.arg for arg in wanted], word)
    return elsewhere if elsewhere is not None and not followed.likeness else scene


def _elsewhere(repository: Repository, scene: Scene, names: Sequence[str], word: str) -> Scene | None:
    """The same in a file of its own, or in the one about the module; None where only the example's own will do."""
    tests = repository.tests
    about = placing.file_about(tests, word)
    if about is scene.module or scene.owner is not None or len({use.module.path for use in tests.uses}) == 1:
        return None
    folder = str(PurePosixPath(scene.path).parent)
    path = about.path if about is not None else placing.new_file(tests, repository.folders, word, folder)
    fixtures = [tests.fixture(name, path) for name in names]
    if scene.opening.before or scene.opening.around or not all(fixtures) or scene.client.source not in names:
        return None
    if set(re.findall(r"[A-Za-z_]\w*", re.sub(r"([\"']).*?\1", "", scene.access))) - set(names):
        return None
    marks = ("import pytest",) if scene.habits.marks and about is None else ()
    if about is not None and scene.habits.marks and "pytest" not in about.imports:
        return None
    return replace(scene, path=path, module=about, parameters=tuple(names), head=marks)


def _client_fixture(tests: OwnTests) -> Fixture | None:
    """One of a conftest.py that gives a client; an async one needs marks that only an example shows."""
    for name in sorted(tests.fixtures, key=lambda one: (one != "client", one)):
        for fixture in tests.fixtures[name]:
            if fixture.is_shared and maker_in(fixture.given) in ("starlette", "flask"):
                return fixture
    return None


def _with_fixture(repository: Repository, fixture: Fixture, word: str) -> Scene:
    tests = repository.tests
    about = placing.file_about(tests, word)
    if about is not None and tests.fixture(fixture.name, about.path) is not fixture:
        about = None
    path = about.path if about is not None else placing.new_file(tests, repository.folders, word)
    if tests.fixture(fixture.name, path) is not fixture:
        path = placing.new_file(tests, repository.folders, word, fixture.folder)
    kind = maker_in(fixture.given)
    habit = habits.of(about or fixture.function.module, None, kind)
    return Scene(path, about, None, Client(fixture.name, kind, awaited=False), NOTHING, (fixture.name,), habit)


def _from_entry(repository: Repository, framework: str | None, word: str) -> Scene | None:
    kind = framework if framework in _CLIENTS else repository.framework
    entries = (_ENTRY.fullmatch(entry or "") for entry in (repository.entry, repository.likely_entry))
    found = next((entry for entry in entries if entry and repository.module_named(entry.group(1))), None)
    module = repository.module_named(found.group(1)) if found is not None else None
    if found is None or module is None or not kind:
        return None
    dotted, name = found.group(1), found.group(2)
    factory = bool(found.group(3)) or any(f.name == name and f.owner is None for f in module.functions)
    app = f"{name}()" if factory else name
    page = Page(habits.quote_of("\n".join(repository.sources.values())))
    path = placing.new_file(repository.tests, repository.folders, word)
    imported = f"from {dotted} import {name}"
    if kind == "flask":
        head = (imported, "", f"client = {app}.test_client()")
        habit = Habits(page, json=".get_json()")
        return Scene(path, None, None, Client("client", "flask", awaited=False), NOTHING, (), habit, head=head)
    client = Client("client", "starlette", awaited=False)
    head = (f"from {kind}.testclient import TestClient", "", imported)
    if any(_STARTS.search(text) for text in repository.sources.values()):
        opening = replace(NOTHING, around=f"with TestClient({app}) as client:")
        return Scene(path, None, None, client, opening, (), Habits(page), head=head)
    return Scene(path, None, None, client, NOTHING, (), Habits(page), head=(*head, "", f"client = TestClient({app})"))
