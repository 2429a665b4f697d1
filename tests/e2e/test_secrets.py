"""Sixty planted secrets go through a whole heal by a model: none stands in what the healer keeps, says or asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selfheal.frames import Tree
from selfheal.report import Draft
from selfheal.settings import read_settings

from tests.healer.scripted_llm import ScriptedLlm, scripted
from tests.healer.site import SERVICE, Site
from tests.selfheal.planted import SECRETS, planted_requests, planted_values
from tests.selfheal.test_report import load, raised

ROUTE = """
HELD = {}


@app.post("/{path:path}")
async def take(path: str, request: Request):
    await request.body()
    return step0("mug") if path.startswith("reset-token/") else {}

"""
FIX = """def left(name):
    if name not in STOCK:
        raise HTTPException(404, f"no such article: {name}")
    return {"left": STOCK[name]}
"""
PER_FRAME = 8  # values, so that no bound of a report leaves one out


def service() -> str:
    """Its handlers pass every planted value on as a local of its own, down to the line that crashes."""
    names = list(planted_values())
    parts = [names[start : start + PER_FRAME] for start in range(0, len(names), PER_FRAME)]
    lines = ['def left(name):\n    return {"left": STOCK[name]}\n']
    for number, part in enumerate(parts):
        held = "\n".join(f'    {name} = HELD.get("{name}")' for name in part)
        called = f"step{number + 1}(name)" if number + 1 < len(parts) else "left(name)"
        lines.append(f"def step{number}(name):\n{held}\n    return {called}\n")
    head = SERVICE.replace("HTTPException", "HTTPException, Request", 1)
    return head + ROUTE + "\n\n".join(lines)


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with scripted(FIX) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, llm: ScriptedLlm) -> Iterator[Site]:
    running = Site(tmp_path / "site", service(), engine="llm", HEALER_LLM_URL=llm.url)
    yield running
    running.close()


def report(tmp_path: Path) -> bytes:
    """As the client sends it: one request crashed, the others went before it."""
    module = load(tmp_path / "site" / "seed", "app", service())
    module.HELD.update(planted_values())
    settings = read_settings({"root": str(tmp_path / "site" / "seed"), "entry": "app:app"}, {})
    failing, *before = planted_requests()
    draft = Draft(raised(lambda: module.step0("mug")), failing, before, settings, Tree(settings.root))
    return draft.write() + b',"suppressed":0}'


def test_no_planted_secret_is_kept_said_or_asked(tmp_path: Path, site: Site, llm: ScriptedLlm) -> None:
    sent = report(tmp_path)
    answer = site.http.post("/api/v1/reports", content=sent)
    assert answer.status_code == 202, answer.text
    incident_id = answer.json()["incident_id"]
    incident = site.until(incident_id, "proposed", "declined")
    assert incident["state"] == "proposed", incident["reason"]
    site.stop()

    places = {"report": sent}
    places |= {f"prompt {number}": json.dumps(asked).encode() for number, asked in enumerate(llm.asked)}
    places["page"] = json.dumps(incident).encode()
    places["proposal"] = site.git("log", "-p", "--all").encode()
    places |= {str(path): path.read_bytes() for path in site.folder.rglob("*") if path.is_file()}
    assert llm.asked
    assert any(path.endswith("healer.db") for path in places)
    assert any(path.endswith("healer.log") for path in places)
    found = {
        (name, place) for name, held in places.items() for place, secret in SECRETS.items() if secret.encode() in held
    }
    assert found == set()
