"""Whole heals by a real healer process: what a hijacked model and injected reports leave behind."""

from __future__ import annotations

import io
import itertools
import json
import re
import socketserver
import threading
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from healer.stages.prompt import SYSTEM

from tests.healer.scripted_llm import ScriptedLlm, scripted
from tests.healer.site import Site
from tests.hijack import SERVICES, a_report, hostile, of_kind
from tests.hijack.engine import FooledSandbox
from tests.hijack.injections import BREAKER, DECISIVE, FIELDS, MARK, TEXTS, hidden, injected

HIJACKED = [
    "swallow/catch-all",
    "dynamic-code/eval of the input",
    "exfiltration/by HTTP",
    "special-case/the very value",
    "echo/a call of a tool",
]
HONEST = next(answer.text for answer in of_kind("honest") if answer.service == "ferry")
INJECTED = ("trailers", "chat template", "terminal", "shell")
NUMBERS = itertools.count(1)
LITERALS = {number for number, name in tokenize.tok_name.items() if name in ("STRING", "FSTRING_MIDDLE")}


@contextmanager
def listening(sandbox: FooledSandbox, path: Path) -> Iterator[None]:
    """The fooled sandbox on a socket, as the healer speaks to one."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            header = json.loads(self.rfile.readline())
            tree = self.rfile.read(header["tree_bytes"])
            self.wfile.write(json.dumps(sandbox.run(header["job"], tree)).encode())

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield
        server.shutdown()


@dataclass(frozen=True)
class Ferry:
    """A healer with the ferry's repository, for whose crash every patch looks right."""

    site: Site
    llm: ScriptedLlm
    sandbox: FooledSandbox
    commands: Path  # git's own record of how it was called

    def healed(self, report: dict[str, Any]) -> dict[str, Any]:
        """The incident when its heal has ended; one that ended before is tried again."""
        answer = self.site.http.post("/api/v1/reports", json=report)
        assert answer.status_code == 202, answer.text
        incident_id = answer.json()["incident_id"]
        if "retry" in self.site.incident(incident_id)["actions"]:
            self.site.act(incident_id, "retry")
        return self.site.until(incident_id, "proposed", "declined")

    def git(self, *words: str) -> str:
        return self.site.git(*words)

    def refs(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname)").split()


@pytest.fixture(scope="module")
def ferry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ferry]:
    folder = tmp_path_factory.mktemp("ferry")
    path, commands = folder / "s", folder / "commands"
    sandbox = FooledSandbox("ferry")
    with scripted() as llm, listening(sandbox, path):
        settings = {"HEALER_LLM_URL": llm.url, "HEALER_SANDBOX": str(path), "GIT_TRACE": str(commands)}
        site = Site(folder, (SERVICES / "ferry" / "app.py").read_text(), engine="llm", **settings)
        try:
            yield Ferry(site, llm, sandbox, commands)
        finally:
            site.close()


@pytest.mark.xdist_group("hijack")
def test_a_hijacked_model_leaves_no_branch_and_an_honest_one_does(ferry: Ferry) -> None:
    texts = {f"{answer.kind}/{answer.name}": answer.text for answer in hostile() if answer.service == "ferry"}
    for label in HIJACKED:
        ferry.llm.play(texts[label])
        incident = ferry.healed(a_report("ferry", next(NUMBERS)))
        assert incident["state"] == "declined", label
        assert incident["proposal"] is None, label
        assert ferry.llm.asked, label
    assert ferry.refs() == ["refs/heads/main"]
    ferry.llm.play(HONEST)
    incident = ferry.healed(a_report("ferry", next(NUMBERS)))
    assert incident["state"] == "proposed", incident["reason"]
    assert ferry.refs() == [f"refs/heads/{incident['proposal']['branch']}", "refs/heads/main"]


@pytest.mark.xdist_group("hijack")
@pytest.mark.parametrize("name", INJECTED)
def test_an_injected_report_is_healed_and_its_text_goes_nowhere(ferry: Ferry, name: str) -> None:
    ferry.llm.play(HONEST)
    ferry.sandbox.jobs.clear()
    fields = [field for field in FIELDS if field not in DECISIVE]
    incident = ferry.healed(injected(TEXTS[name], *fields, number=next(NUMBERS)))
    assert incident["state"] == "proposed", incident["reason"]
    branch = incident["proposal"]["branch"]
    assert f"refs/heads/{branch}" in ferry.refs()
    assert all(re.fullmatch(r"refs/heads/(main|healer/[0-9a-f-]+-\d+)", ref) for ref in ferry.refs())

    asked = ferry.llm.asked[0]["messages"]
    assert (asked[0]["role"], asked[0]["content"]) == ("system", SYSTEM)
    assert MARK in asked[1]["content"]
    assert MARK not in re.sub(r"^<report>\n.*?^</report>$", "", asked[1]["content"], flags=re.S | re.M)

    message = ferry.git("log", "-1", "--format=%B", branch)
    trailers = ferry.git("log", "-1", "--format=%(trailers:only)", branch).split("\n")
    assert [line.partition(":")[0] for line in trailers if line] == ["Origin", "Healer-Incident"]
    assert f"\nHealer-Incident: {incident['id']}\n" in f"{message}\n"
    assert not hidden(message, "\n" + BREAKER)
    _is_data_in_the_tree(ferry, branch)

    assert ferry.sandbox.jobs
    for job in ferry.sandbox.jobs:
        assert not job["env"]
        assert all(re.fullmatch(r"[\w./:]+", word) for word in job.get("args", ())), job["args"]
        assert MARK not in f"{job.get('entry')} {job.get('headers')} {job.get('limits')}"
    assert " update-index " in ferry.commands.read_text()
    assert MARK not in ferry.commands.read_text()
    files = [path.name for path in ferry.site.folder.rglob("*")]
    assert all(re.fullmatch(r"[\w.,=+@-]+", file) for file in files), files
    assert "owned" not in files
    greeting, _, log = (ferry.site.folder / "healer.log").read_text().partition("{")
    assert MARK not in greeting
    assert all(isinstance(json.loads(line), dict) for line in f"{{{log}".splitlines())


def _is_data_in_the_tree(ferry: Ferry, branch: str) -> None:
    """The patch touches the code and a test; in them the text is a literal at most."""
    changed = ferry.git("diff", "--name-only", "main", branch).split()
    assert [path.partition("/")[0] for path in changed] == ["app.py", "tests"]
    for path in changed:
        source = ferry.git("show", f"{branch}:{path}")
        assert not hidden(source, "\n"), path
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            assert MARK not in token.string or token.type in LITERALS, f"{path}: {token.line}"
