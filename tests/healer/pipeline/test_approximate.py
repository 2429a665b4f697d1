"""How a heal begins with reports of stock SDKs: files found in the repository, other platforms only diagnosed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from healer.edges.store import Incident, Store
from healer.model import Call, ExceptionInfo, Exchange, Frame, Replay, Report, State
from healer.pipeline import healing
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts
from healer.pipeline.runs import shown

from tests.healer.samples import a_replay, a_report, answered, crashed

SOURCE = "TABLE = {}\n\n\ndef read(key):\n    return TABLE[key]\n"
FRAME = Frame("shop/main.py", 5, "read", False, locals={"key": "'x'"}, path="/x/site-packages/shop/main.py")
AT_BASE = Frame("src/shop/main.py", 5, "read", True)
SENTRY = {"approximate": True, "client": "sentry.python.flask/2.75.0"}


class Sandbox:
    """Shows the crash by a call, never by a request."""

    def __init__(self) -> None:
        self.called: list[Call] = []

    def replay(self, *_: Any, **__: Any) -> Replay:
        return a_replay(answered(200))

    def call(self, _: bytes, call: Call, **__: Any) -> Replay:
        self.called.append(call)
        return a_replay(Exchange(None, exception=crashed().exception, frames=(AT_BASE,)))


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    store = Store(f"sqlite:///{tmp_path}/healer.db")
    store.migrate()
    checkout = SimpleNamespace(
        fetch=lambda: "c" * 40,
        sources=lambda _commit: {"src/shop/main.py": SOURCE},
        tar=lambda _commit: b"",
        branch="main",
    )
    service = SimpleNamespace(
        name="shop",
        entry=None,
        checkout=checkout,
        sandbox=Sandbox(),
        limits={},
        replay_env={},
        replay_headers={},
    )
    yield Parts(store, {"shop": service}, "", 1)  # type: ignore[dict-item]
    store.close()


def taken(parts: Parts, **report: Any) -> Incident:
    return parts.store.incidents.take(a_report(**report), "f")


def test_a_stock_sdks_files_are_found_and_the_incident_names_them(parts: Parts) -> None:
    incident = taken(parts, frames=(FRAME,), **SENTRY)
    assert healing.fetch(parts, incident.id) == ""
    incident, _, report = healing.about(parts, incident.id)
    assert (incident.fault_file, incident.fault_line, incident.fault_function) == ("src/shop/main.py", 5, "read")
    assert report.app_frames[-1].file == "src/shop/main.py"
    assert report.app_frames[-1].source == "return TABLE[key]"


def test_another_attempt_looks_at_what_was_reported_not_at_what_was_found_before(parts: Parts) -> None:
    # Deployed by itself, the folder's file is known by what its reporter calls it only.
    own = Frame("main.py", 5, "read", True, path="/srv/main.py")
    incident = taken(parts, frames=(own,), **SENTRY)
    assert healing.fetch(parts, incident.id) == ""
    parts.store.incidents.move(incident.id, State.OPEN, expected=(State.DIAGNOSING,), attempt=2)
    assert healing.fetch(parts, incident.id) == ""


def test_a_file_that_is_not_there_is_named_as_the_machine_had_it(parts: Parts) -> None:
    own = Frame("other/views.py", 5, "read", True, path="/srv/other/views.py")
    incident = taken(parts, frames=(own,), **SENTRY)
    reason = healing.fetch(parts, incident.id)
    assert reason == "The report names /srv/other/views.py, and no file of the repository is found by that."


def test_a_native_report_is_taken_at_its_word(parts: Parts) -> None:
    incident = taken(parts, frames=(FRAME,))
    assert "no line of the service's own code" in healing.fetch(parts, incident.id)


def case(parts: Parts, **report: Any) -> tuple[Incident, Any, Report]:
    incident = taken(parts, **report)
    healing.fetch(parts, incident.id)
    return healing.about(parts, incident.id)


def test_what_no_approximate_replay_shows_is_shown_by_a_call_with_the_values_of_the_sdk(parts: Parts) -> None:
    incident, service, report = case(parts, frames=(FRAME,), **SENTRY)
    found = shown(Memory(), incident, service, report)
    assert (found.by, found.reason) == ("call", "")
    assert service.sandbox.called == [Call("src/shop/main.py", "read", {"key": "'x'"})]


def test_where_nothing_shows_it_the_reason_says_what_the_sdk_leaves_out(parts: Parts) -> None:
    bare = Frame(FRAME.file, 5, "read", False, path=FRAME.path)
    incident, service, report = case(parts, frames=(bare,), handled=True, **SENTRY)
    found = shown(Memory(), incident, service, report)
    assert "the service handled it and went on" in found.reason
    assert "sentry.python.flask/2.75.0 leaves out cookies" in found.reason
    assert "`entry`" in found.reason
    service.entry = "shop.main:app"
    assert "`entry`" not in shown(Memory(), incident, service, report).reason


def test_code_of_another_platform_is_diagnosed_and_declined_without_a_look_at_the_repository(parts: Parts) -> None:
    parts.services["shop"].checkout.fetch = None  # type: ignore[method-assign, assignment]
    frame = Frame("src/orders.js", 17, "price", True, "return sailing.price;")
    error = ExceptionInfo("TypeError", "Cannot read properties of undefined (reading 'price')")
    incident = taken(parts, platform="node", frames=(frame,), exception=error, **SENTRY)
    reason = healing.fetch(parts, incident.id)
    assert "Node.js, and only Python is repaired" in reason
    healing.decline(parts, incident.id, reason)
    incident = parts.store.incidents.get(incident.id)
    assert incident.state is State.DECLINED
    assert incident.diagnosis is not None
    assert incident.diagnosis.cause == "sailing is undefined where its price is used in price (src/orders.js:17)."
    assert "diagnosis.made" in [event.type for event in parts.store.log.of_key(incident.id)]
