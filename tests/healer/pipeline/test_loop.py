"""The whole pipeline of a real healer process: store, workflows, git, sandbox, webhook; the supervisor is scripted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.healer.pipeline.scripted_supervisor import ScriptedSupervisor

SERVICE = '''"""What is in stock."""
from fastapi import FastAPI, HTTPException

app = FastAPI()
STOCK = {"tea": 3}
PRICES = {"tea": 450}


@app.get("/prices/{name}")
def price(name: str):
    if name not in PRICES:
        raise HTTPException(404, f"no such article: {name}")
    return {"cents": PRICES[name]}


@app.get("/stock/{name}")
def stock(name: str):
    return {"left": STOCK[name]}
'''
TESTS = """from app import app
from fastapi.testclient import TestClient


def test_stock():
    assert TestClient(app).get("/stock/tea").json() == {"left": 3}
"""
LINE = next(number for number, line in enumerate(SERVICE.splitlines(), 1) if "STOCK[name]" in line)


def a_report(number: int = 1, path: str = "/stock/mug", **changes: object) -> dict[str, object]:
    frame = {
        "file": "app.py",
        "line": LINE,
        "function": "stock",
        "in_app": True,
        "source": 'return {"left": STOCK[name]}',
        "locals": {"name": "'mug'"},
    }
    return {
        "report_id": f"{number:032d}",
        "exception": {"type": "KeyError", "message": "'mug'", "bases": ["KeyError", "LookupError", "Exception"]},
        "frames": [frame],
        "request": {"method": "GET", "path": path, "headers": {}},
        "entry": "app:app",
        **changes,
    }


class Site:
    """A healer on a free port, the service's repository beside it, and what a test does with both."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        seed = folder / "seed"
        (seed / "tests").mkdir(parents=True)
        (seed / "app.py").write_text(SERVICE)
        (seed / "tests" / "test_app.py").write_text(TESTS)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = folder / "healer.toml"
        autonomy = settings.pop("autonomy", "propose")
        config.write_text(
            f'[services.stock]\nrepository = "stock.git"\nseed = "seed"\nautonomy = "{autonomy}"\n'
            'releases = "releases"\ncontrol = "c.sock"\n'
        )
        (folder / "releases").mkdir()
        self.supervisor = ScriptedSupervisor(folder / "c.sock", folder / "releases")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HEALER_")},
            "HEALER_HOME": str(folder / "home"),
            "HEALER_CONFIG": str(config),
            "HEALER_PORT": str(port),
            "HEALER_SOAK_SECONDS": "3600",
            **settings,
        }
        with (folder / "healer.log").open("wb") as log:
            command = [sys.executable, "-m", "healer.cli", "serve"]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)
        self.wait(self._ready)
        token = (folder / "home" / "operator-token").read_text().strip()
        dsn = (folder / "home" / "services" / "stock.dsn").read_text()
        key = dsn.partition("//")[2].partition("@")[0]
        self.http.headers.update({"authorization": f"Bearer {token}", "x-selfheal-key": key})

    def _ready(self) -> bool:
        assert self._process.poll() is None, (self.folder / "healer.log").read_text()
        try:
            return self.http.get("/health/ready").is_success
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        self.http.close()
        self._process.terminate()
        assert self._process.wait(timeout=20) == 0
        self.supervisor.close()

    @staticmethod
    def wait(condition, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.03)

    def report(self, *args: object, **changes: object) -> str:
        answer = self.http.post("/api/v1/reports", json=a_report(*args, **changes))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["incident_id"])

    def incident(self, incident_id: str) -> dict:
        return self.http.get(f"/api/v1/incidents/{incident_id}").json()

    def until(self, incident_id: str, *states: str) -> dict:
        self.wait(lambda: self.incident(incident_id)["state"] in states)
        return self.incident(incident_id)

    def act(self, incident_id: str, action: str, **body: str) -> httpx.Response:
        answer = self.http.post(f"/api/v1/incidents/{incident_id}/{action}", json=body)
        assert answer.status_code == 202, answer.text
        return answer

    def proposed(self) -> str:
        incident_id = self.report()
        incident = self.until(incident_id, "proposed", "declined")
        assert incident["state"] == "proposed", incident["reason"]
        return incident_id

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.folder / "stock.git"), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def site(tmp_path, request):
    made = Site(tmp_path, **getattr(request, "param", {}))
    yield made
    made.close()


def test_from_a_report_to_a_healed_service(site):
    first = site.git("rev-parse", "main")
    incident_id = site.proposed()
    incident = site.incident(incident_id)
    assert incident["proposal"]["branch"] == f"healer/{incident_id}-1"
    assert "+        raise HTTPException(404," in incident["proposal"]["diff"]
    chosen = next(verdict for verdict in incident["verdicts"] if verdict["chosen"])
    assert chosen["evidence"]["before"]["exception"]["type"] == "KeyError"
    assert chosen["evidence"]["after"]["status"] == 404
    assert chosen["evidence"]["tests"]["after"] == {"passed": 1, "failed": 0, "problem": ""}
    assert site.git("log", "-1", "--format=%B", incident["proposal"]["branch"]).endswith(
        f"Healer-Incident: {incident_id}"
    )
    assert site.git("rev-parse", "main") == first

    site.act(incident_id, "approve")
    incident = site.until(incident_id, "soaking")
    merged = site.git("rev-parse", "main")
    assert site.supervisor.changes == [merged]
    assert str((site.folder / "releases" / "current").readlink()) == merged
    assert "raise HTTPException(404" in (site.folder / "releases" / merged / "app.py").read_text().split("/stock/")[1]
    assert [(item["state"], item["previous"]) for item in incident["releases"]] == [("live", first)]
    assert [stage["state"] for stage in incident["stages"]] == ["done"] * 8


@pytest.mark.parametrize("site", [{"HEALER_SOAK_SECONDS": "0"}], indirect=True)
def test_a_soaked_incident_is_resolved_and_may_regress(site):
    incident_id = site.proposed()
    site.act(incident_id, "approve")
    site.until(incident_id, "resolved")
    site.report(2, release="an-older-release")
    assert site.incident(incident_id)["state"] == "resolved"
    site.report(3, release=site.git("rev-parse", "main"))
    assert site.until(incident_id, "regressed")["actions"] == ["retry"]


def test_the_crash_coming_back_puts_the_old_release_back(site):
    first = site.git("rev-parse", "main")
    incident_id = site.proposed()
    site.act(incident_id, "approve")
    site.until(incident_id, "soaking")
    merged = site.git("rev-parse", "main")
    site.report(2, release=merged)
    incident = site.until(incident_id, "rolled_back")
    assert site.supervisor.changes == [merged, first]
    assert str((site.folder / "releases" / "current").readlink()) == first
    assert "reported by the release that was to heal it" in incident["reason"]
    assert incident["releases"][0]["state"] == "rolled_back"


def test_a_person_rolls_back(site):
    first = site.git("rev-parse", "main")
    incident_id = site.proposed()
    site.act(incident_id, "approve")
    site.until(incident_id, "soaking")
    site.act(incident_id, "rollback", reason="too slow")
    assert "Rolled back by operator: too slow" in site.until(incident_id, "rolled_back")["reason"]
    assert site.supervisor.serving == first


def test_a_release_that_does_not_come_up_leaves_the_old_one(site):
    first = site.git("rev-parse", "main")
    incident_id = site.proposed()
    site.supervisor.refuse = "it exited with status 1"
    site.act(incident_id, "approve")
    incident = site.until(incident_id, "rolled_back")
    assert "did not come up: it exited with status 1" in incident["reason"]
    assert site.supervisor.serving == first
    assert str((site.folder / "releases" / "current").readlink()) == first
    assert incident["releases"][0]["state"] == "failed"


def test_a_merge_whose_webhook_was_lost_is_found(site):
    incident_id = site.proposed()
    head = site.incident(incident_id)["proposal"]["head_sha"]
    # As a person would with git alone: nobody tells the healer.
    site.git("update-ref", "refs/heads/main", head)
    site.until(incident_id, "soaking")
    assert site.supervisor.changes == [head]


def test_a_rejected_proposal_is_gone_and_a_retry_makes_another(site):
    incident_id = site.proposed()
    site.act(incident_id, "reject", reason="not like this")
    incident = site.until(incident_id, "rejected")
    assert incident["reason"] == "not like this"
    assert site.git("branch", "--list", "healer/*") == ""
    site.act(incident_id, "retry")
    again = site.until(incident_id, "proposed")
    assert again["proposal"]["number"] == 2
    assert site.git("branch", "--list", "--format=%(refname:short)", "healer/*") == f"healer/{incident_id}-2"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"path": "/stock/tea"}, "does not reproduce: the same request was answered with 200"),
        ({"request": None}, "holds no request"),
        ({"request": {"method": "POST", "path": "/stock/x", "body": "x", "truncated": True}}, "whole body"),
        ({"frames": []}, "no line of the service's own code"),
        ({"entry": "app:nothing"}, "did not run in the sandbox"),
    ],
)
def test_what_cannot_be_proved_is_declined_with_the_reason(site, changes, said):
    incident_id = site.report(1, **changes)
    incident = site.until(incident_id, "declined", "proposed")
    assert incident["state"] == "declined"
    assert said in incident["reason"]
    assert incident["proposal"] is None
    assert site.git("branch", "--list", "healer/*") == ""


def test_a_repository_out_of_reach_is_declined_and_heals_on_retry(site):
    (site.folder / "stock.git").rename(site.folder / "elsewhere.git")
    incident_id = site.report()
    incident = site.until(incident_id, "declined")
    assert "cannot fetch main of" in incident["reason"]
    (site.folder / "elsewhere.git").rename(site.folder / "stock.git")
    site.act(incident_id, "retry")
    site.until(incident_id, "proposed")


@pytest.mark.parametrize("site", [{"autonomy": "observe"}], indirect=True)
def test_observing_stops_at_the_diagnosis(site):
    incident = site.until(site.report(), "declined")
    assert "autonomy is 'observe'" in incident["reason"]
    assert incident["diagnosis"]["category"]
    assert incident["verdicts"] == []


def test_the_event_stream_resumes_where_it_was(site):
    incident_id = site.proposed()
    events = site.incident(incident_id)["events"]
    with site.http.stream("GET", "/api/v1/events", headers={"last-event-id": str(events[2]["id"])}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        ids = []
        for line in answer.iter_lines():
            if line.startswith("id: "):
                ids.append(int(line.removeprefix("id: ")))
            if len(ids) == 5:
                break
    assert ids == [event["id"] for event in events[3:8]]
