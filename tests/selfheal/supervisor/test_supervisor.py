"""Changes of release by real processes on loopback: what clients see, and which releases are refused."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path

import pytest

from tests.selfheal.supervisor.supervised_site import APP, Site, alive, until

WSGI_APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'{"release": "wsgi", "path": "%s"}' % environ["PATH_INFO"].encode()]
"""


def test_waits_for_the_first_release_with_a_clear_refusal_and_then_serves_it(bare: Site) -> None:
    bare.start()
    assert bare.status()["state"] == "waiting"
    refused = bare.get()
    assert (refused["status"], refused["title"]) == (503, "Service Unavailable")
    bare.add("one")
    bare.point("one")
    bare.serving()
    directory = str(bare.releases / "one")
    status, answer = bare.status(), bare.get()
    assert answer == {"status": 200, "release": "one", "cwd": directory, "first": directory, "pid": status["pid"]}


def test_a_change_answers_when_new_connections_reach_the_new_release(site: Site) -> None:
    before = site.status()
    site.add("changed")
    answer = site.change("changed")
    assert (answer["ok"], answer["release"], answer["previous"]) == (True, "changed", before["release"])
    assert [site.get()["release"] for _ in range(20)] == ["changed"] * 20
    assert site.status()["release"] == "changed"


def test_a_change_to_the_release_in_service_changes_nothing(site: Site) -> None:
    before = site.status()
    answer = site.change(before["release"])
    assert answer == {"ok": True, "release": before["release"], "previous": before["release"], "seconds": 0.0}
    assert site.status()["pid"] == before["pid"]


@pytest.mark.parametrize(
    ("name", "app", "reasons"),
    [
        (
            "import-error",
            "import a_module_nobody_has",
            ["exited with status 1", "No module named 'a_module_nobody_has'"],
        ),
        ("syntax-error", "def app(:", ["exited with status 1", "SyntaxError"]),
        ("no-app", "other = 1", ['Attribute "app" not found']),
        ("exits", "import os; os._exit(7)", ["exited with status 7"]),
        ("killed", "import os; os.kill(os.getpid(), 9)", ["exited with signal SIGKILL"]),
        ("hangs", "import time; time.sleep(60)", ["did not start within 2 s"]),
        ("unhealthy", APP.replace("HEALTH = 200", "HEALTH = 500"), ["not healthy", "GET /health answered 500"]),
    ],
)
def test_a_release_that_does_not_come_up_is_refused_and_the_old_one_serves_on(
    site: Site, name: str, app: str, reasons: list[str]
) -> None:
    before = site.status()
    answer = site.change(site.add(name, app))
    assert (answer["ok"], answer["release"]) == (False, before["release"])
    assert [part for part in (name, *reasons) if part not in answer["reason"]] == []
    assert "importer.py" not in answer["reason"]  # the traceback begins in the release
    after = site.status()
    assert (after["pid"], after["restarts"], after["state"]) == (before["pid"], before["restarts"], "serving")
    assert site.get()["release"] == before["release"]


def test_an_app_without_a_health_path_is_healthy_when_it_answers_at_all(site: Site) -> None:
    assert site.change(site.add("no-health", APP.replace("HEALTH = 200", "HEALTH = 404")))["ok"]


def test_a_health_path_that_was_set_must_answer_well(bare: Site) -> None:
    bare.add("one", APP.replace("HEALTH = 200", "HEALTH = 404"))
    bare.point("one")
    bare.start("--health", "/health", "--start-seconds", "1.5")
    until(lambda: "GET /health answered 404" in bare.status()["problem"], "the refusal of the first release")
    assert bare.change(bare.add("two"))["ok"]


def test_a_wsgi_app_is_served_too(site: Site) -> None:
    assert site.change(site.add("wsgi", WSGI_APP))["ok"]
    assert site.get("/some/path") == {"status": 200, "release": "wsgi", "path": "/some/path"}


def test_changes_ordered_at_once_take_turns_and_go_on_without_their_clients(site: Site) -> None:
    names = [site.add(f"turn-{number}") for number in range(3)]
    for name in names:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as impatient:
            impatient.connect(str(site.control))
            impatient.sendall(json.dumps({"op": "change", "release": name}).encode() + b"\n")
            until(lambda: site.status()["state"] == "changing", "the first change to begin")
    until(lambda: site.status()["release"] == names[-1] and site.status()["state"] == "serving", "the last change")
    assert site.get()["release"] == names[-1]


def test_a_request_under_way_is_finished_by_the_old_release_which_says_goodbye(site: Site, tmp_path: Path) -> None:
    old = site.change(site.add("holding"))["release"]
    go = tmp_path / "go"
    connection = site.connect()
    connection.request("GET", f"/held?{go}")
    until(go.with_suffix(".begun").exists, "the request to reach the app")
    assert site.change(site.add("after-holding"))["ok"]
    go.touch()
    with connection.getresponse() as response:
        assert response.getheader("Connection") == "close"
        assert json.loads(response.read())["release"] == old


def test_open_streams_and_hung_workers_hold_no_change_and_end_with_the_drain_time(site: Site) -> None:
    site.change(site.add("streaming"))
    streaming = site.status()["pid"]
    stream = site.connect()
    stream.request("GET", "/stream")
    response = stream.getresponse()
    assert response.readline() == b"data: 0\n"
    assert site.change(site.add("hanging"))["ok"]
    assert alive(streaming)  # the change was answered while the stream was still open
    hanging = site.status()["pid"]
    hung = site.connect()
    hung.request("GET", "/hang")
    assert site.change(site.add("after-hanging"))["ok"]
    assert alive(hanging)
    with pytest.raises(http.client.IncompleteRead):  # the stream is cut, not ended as if it were whole
        response.read()
    until(lambda: not alive(streaming) and not alive(hanging), "the end of the old workers")
