"""The HTTP side of a whole healer in one process: real store, real routes, real checkout; no sandbox is needed here."""

import hashlib
import hmac
import json
import re
import threading
import time
from datetime import timedelta

import pytest
from dbos import DBOS
from fastapi.testclient import TestClient
from healer.main import Healer
from healer.pipeline.retention import Retention
from healer.settings import load_settings

REPORT = {
    "report_id": "a" * 32,
    "exception": {"type": "KeyError", "message": "'x'", "bases": ["KeyError", "LookupError"]},
    "frames": [{"file": "app/main.py", "line": 3, "function": "read", "in_app": True, "source": "TABLE[key]"}],
    "request": {"method": "GET", "path": "/things?key=x", "headers": {"accept": "*/*"}},
}


@pytest.fixture(scope="module")
def healer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healer")
    seed = folder / "seed"
    (seed / "app").mkdir(parents=True)
    (seed / "app" / "main.py").write_text("x = 1\n")
    config = folder / "healer.toml"
    config.write_text('[services.shop]\nrepository = "shop.git"\nseed = "seed"\nautonomy = "observe"\n')
    settings = load_settings({"HEALER_HOME": str(folder / "home"), "HEALER_CONFIG": str(config)})
    made = Healer(settings)
    with TestClient(made.app(), base_url="http://127.0.0.1:8001") as client:
        deadline = time.monotonic() + 30
        while client.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline, client.get("/health/ready").text
            time.sleep(0.02)
        client.operator = {"authorization": f"Bearer {settings.operator_token.get_secret_value()}"}
        client.key = {"x-selfheal-key": made.store.service_key("shop")[1]}
        client.token = settings.operator_token.get_secret_value()
        client.secret = settings.webhook_secret.get_secret_value()
        client.home = settings.home
        client.store = made.store
        yield client


def is_problem(answer, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    for word in words:
        assert word in body["detail"]


def count(healer) -> int:
    return sum(item["count"] for item in healer.get("/api/v1/incidents", headers=healer.operator).json()["incidents"])


def test_a_report_is_accepted_and_shown(healer):
    answer = healer.post("/api/v1/reports", json=REPORT, headers=healer.key)
    assert answer.status_code == 202
    assert answer.json()["report_id"] == "a" * 32
    incident = healer.get(f"/api/v1/incidents/{answer.json()['incident_id']}", headers=healer.operator).json()
    assert incident["exception"] == {"type": "KeyError", "message": "'x'"}
    assert incident["fault"] == {"file": "app/main.py", "line": 3, "function": "read"}
    assert incident["report"]["request"]["path"] == "/things?key=x"
    assert [event["type"] for event in incident["events"]][:2] == ["incident.opened", "report.received"]


def test_a_report_that_comes_twice_counts_once(healer):
    healer.post("/api/v1/reports", json=REPORT, headers=healer.key)
    before = count(healer)
    assert healer.post("/api/v1/reports", json=REPORT, headers=healer.key).status_code == 202
    assert count(healer) == before


def test_what_a_client_had_to_drop_is_in_the_log_once_and_counts_for_no_incident(healer):
    healer.post("/api/v1/reports", json=REPORT, headers=healer.key)
    before, report = count(healer), {**REPORT, "report_id": "lost" * 8, "lost": {"full": 3, "refused": 1}}
    for _ in range(2):
        assert healer.post("/api/v1/reports", json=report, headers=healer.key).status_code == 202
    told = [event for event in healer.store.log.of_key("service/shop", 100) if event.type == "reports.lost"]
    assert [event.payload for event in told] == [report["lost"]]
    assert count(healer) == before + 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", ["no JSON"]),
        (b"\xff\xfe", ["no JSON"]),
        (b"[1]", ["object", "list"]),
        (json.dumps({**REPORT, "request": {"method": "GET", "path": "/", "json": [0] * 20_000}}), ["json", "20000"]),
        (json.dumps({"exception": [0] * 100_000}), ["100000"]),
        (b"{}", ["exception", "required"]),
        (b'{"exception": {"type": ""}}', ["exception.type"]),
        (
            b'{"exception": {"type": "E"}, "frames": [{"file": "a", "line": "x", "function": "f"}]}',
            ["frames.0.line", "'x'"],
        ),
        (b'{"exception": {"type": "E"}, "request": {"method": "get it", "path": "/"}}', ["request.method", "'get it'"]),
        (b'{"exception": {"type": "E"}, "request": {"method": "GET", "path": "x"}}', ["request.path"]),
        (b'{"exception": {"type": "E"}, "report_id": "../../x"}', ["report_id", "../../x"]),
        (b'{"exception": {"type": "E"}, "entry": "os;x"}', ["entry"]),
        (b'{"exception":' + b"[" * 100_000, ["no JSON"]),
    ],
)
def test_a_report_that_cannot_be_read_is_400_and_changes_nothing(healer, body, words):
    before = count(healer)
    is_problem(healer.post("/api/v1/reports", content=body, headers=healer.key), 400, *words)
    assert count(healer) == before


def test_an_oversized_report_is_413(healer):
    before = count(healer)
    large = {**REPORT, "report_id": "b" * 32, "padding": "x" * 2**20}
    is_problem(healer.post("/api/v1/reports", json=large, headers=healer.key), 413, "1048576")
    chunks = (b"x" * 65536 for _ in range(32))
    is_problem(healer.post("/api/v1/reports", content=chunks, headers=healer.key), 413)
    assert count(healer) == before


@pytest.mark.parametrize("headers", [{}, {"x-selfheal-key": "wrong"}, {"x-selfheal-key": ""}])
def test_a_report_without_the_key_is_401(healer, headers):
    before = count(healer)
    is_problem(healer.post("/api/v1/reports", json={**REPORT, "report_id": "c" * 32}, headers=headers), 401, "DSN")
    assert count(healer) == before


@pytest.mark.parametrize("path", ["/api/v1/incidents", "/api/v1/incidents/x", "/api/v1/overview", "/api/v1/events"])
def test_reading_needs_the_operator(healer, path):
    is_problem(healer.get(path), 401, "healer link")
    is_problem(healer.get(path, headers={"authorization": "Bearer wrong"}), 401)
    is_problem(healer.get(path, headers=healer.key), 401)
    is_problem(healer.get(path, cookies={"healer_session": "wrong"}), 401)


def test_the_link_signs_in_and_actions_by_cookie_need_the_header(healer):
    answer = healer.get(f"/signin?token={healer.token}", follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    session = cookie.split(";")[0].partition("=")[2]
    assert session != healer.token
    own = {"x-requested-with": "healer", "x-healer-page": answer.headers["location"].removeprefix("/#page=")}
    healer.cookies.clear()
    jar = {"healer_session": session}
    assert healer.get("/api/v1/incidents", cookies=jar).status_code == 200
    is_problem(healer.post("/api/v1/incidents/x/retry", cookies=jar), 401, "X-Requested-With")
    acted = healer.post("/api/v1/incidents/x/retry", cookies=jar, headers=own)
    is_problem(acted, 404, "'x'")
    healer.cookies.clear()


def test_a_wrong_link_is_401(healer):
    is_problem(healer.get("/signin?token=wrong"), 401)
    is_problem(healer.post("/signin", json={"token": "wrong"}), 401)


def test_an_action_that_does_not_fit_the_state_is_409(healer):
    found = healer.post("/api/v1/reports", json={**REPORT, "report_id": "d" * 32}, headers=healer.key).json()
    for action in ("approve", "reject", "rollback"):
        path = f"/api/v1/incidents/{found['incident_id']}/{action}"
        is_problem(healer.post(path, json={}, headers=healer.operator), 409, action, found["incident_id"])


def test_a_report_of_a_foreign_file_is_declined_with_a_reason(healer):
    frame = {**REPORT["frames"][0], "file": "elsewhere/views.py"}
    answer = healer.post(
        "/api/v1/reports", json={**REPORT, "report_id": "e" * 32, "frames": [frame]}, headers=healer.key
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = healer.get(f"/api/v1/incidents/{answer.json()['incident_id']}", headers=healer.operator).json()
        if found["state"] == "declined":
            break
        time.sleep(0.05)
    assert found["state"] == "declined"
    assert "elsewhere/views.py, which is not in the repository" in found["reason"]
    assert found["actions"] == ["retry"]


def delivery(healer, payload: bytes, *, secret: str | None = None, delivery_id: str = "d-1"):
    signature = hmac.new((secret or healer.secret).encode(), payload, hashlib.sha256).hexdigest()
    headers = {
        "x-hub-signature-256": f"sha256={signature}",
        "x-github-event": "pull_request",
        "x-github-delivery": delivery_id,
    }
    return healer.post("/webhooks/github", content=payload, headers=headers)


def test_a_signed_webhook_is_taken_once(healer):
    payload = json.dumps({"action": "opened"}).encode()
    assert delivery(healer, payload).json() == {"delivery": "d-1", "new": True}
    assert delivery(healer, payload).json() == {"delivery": "d-1", "new": False}


def test_an_unsigned_or_unreadable_webhook_is_refused(healer):
    is_problem(delivery(healer, b"{}", secret="another"), 401)
    is_problem(healer.post("/webhooks/github", content=b"{}"), 401)
    is_problem(delivery(healer, b"not json", delivery_id="d-2"), 400)
    is_problem(delivery(healer, b"[]", delivery_id="d-3"), 400)


def test_a_merge_of_something_we_did_not_propose_starts_nothing(healer):
    merge = {
        "action": "closed",
        "pull_request": {
            "number": 1,
            "merged": True,
            "merge_commit_sha": "c" * 40,
            "head": {"sha": "d" * 40, "ref": "x"},
            "base": {"ref": "main"},
        },
        "repository": {"full_name": "local/shop"},
    }
    assert delivery(healer, json.dumps(merge).encode(), delivery_id="d-4").status_code == 202
    states = {i["state"] for i in healer.get("/api/v1/incidents", headers=healer.operator).json()["incidents"]}
    assert not states & {"merged", "releasing"}


def test_health_and_metrics(healer):
    assert healer.get("/health/live").json() == {"status": "live"}
    assert healer.get("/health/ready").json() == {"status": "ready"}
    assert "# TYPE healer_incidents gauge" in healer.get("/metrics").text


def test_the_page_has_a_strict_policy(healer):
    module = re.search(r'src="(/page/.+/app\.js)"', healer.get("/").text)
    assert module
    for path in ("/", "/incidents/abc", "/services/shop", module[1]):
        answer = healer.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert healer.get("/page/../application.py").status_code == 404


def test_an_unknown_path_is_a_problem_document(healer):
    is_problem(healer.get("/api/v1/nothing"), 404)


def test_secrets_are_in_no_answer(healer):
    for path in ("/api/v1/overview", "/api/v1/incidents", "/metrics", "/openapi.json"):
        text = healer.get(path, headers=healer.operator).text
        assert healer.token not in text
        assert healer.secret not in text
        assert healer.key["x-selfheal-key"] not in text


def until_declined(healer, incident_id: str) -> dict[str, object]:
    deadline = time.monotonic() + 30
    while (incident := healer.get(f"/api/v1/incidents/{incident_id}", headers=healer.operator).json())[
        "state"
    ] != "declined":
        assert time.monotonic() < deadline, incident
        time.sleep(0.02)
    return incident


def test_what_is_over_is_forgotten_with_its_workflow_and_comes_again_as_another_attempt(healer):
    foreign = {**REPORT["frames"][0], "file": "site-packages/lib.py", "in_app": False}
    report = {**REPORT, "report_id": "over" * 8, "frames": [foreign]}
    incident_id = healer.post("/api/v1/reports", json=report, headers=healer.key).json()["incident_id"]
    until_declined(healer, incident_id)
    Retention(healer.store, timedelta(0), 10_000).apply()
    is_problem(healer.get(f"/api/v1/incidents/{incident_id}", headers=healer.operator), 404)
    assert DBOS.list_workflows(workflow_id_prefix=f"heal:{incident_id}") == []
    told = [event.payload for event in healer.store.log.of_key("retention")][-1]
    assert told["incidents"] >= 1
    assert told["reports"] >= 1
    assert told["workflows"] >= 1
    Retention(healer.store, timedelta(0), 10_000).apply()
    assert len(healer.store.log.of_key("retention")) == 1  # there was nothing more to tell
    healer.post("/api/v1/reports", json=report, headers=healer.key)
    assert until_declined(healer, incident_id)["attempt"] == 2


def test_what_cannot_be_healed_cannot_be_retried(healer):
    foreign = {**REPORT["frames"][0], "file": "site-packages/other.py", "in_app": False}
    report = {**REPORT, "report_id": "told" * 8, "frames": [foreign]}
    incident_id = healer.post("/api/v1/reports", json=report, headers=healer.key).json()["incident_id"]
    until_declined(healer, incident_id)
    healer.store.log.append("operator.seen", incident_id, {}, trace_id="", ui_hint="control")
    Retention(healer.store, timedelta(0), 10_000).apply()
    shown = healer.get(f"/api/v1/incidents/{incident_id}", headers=healer.operator).json()
    assert shown["report"]["exception"]["type"] == "KeyError"
    retry = healer.post(f"/api/v1/incidents/{incident_id}/retry", headers=healer.operator)
    is_problem(retry, 409, "when the crash comes again")


def test_without_settings_nothing_is_sent_anywhere(healer):
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("notification", "traces"))]
