import json
import socketserver
import threading

import pytest
from healer.edges.deployment.supervisor import LARGEST_ORDER, STOPPING, SupervisorDeployment
from healer.model import DeploymentError, Probe, Request, Serving, Traffic, Watch

from tests.healer.scripted_supervisor import ScriptedSupervisor


@pytest.fixture
def supervisor(tmp_path):
    (tmp_path / "releases").mkdir()
    made = ScriptedSupervisor(tmp_path / "c.sock", tmp_path / "releases")
    yield made
    made.close()


@pytest.fixture
def deployment(tmp_path, supervisor):
    made = SupervisorDeployment(tmp_path / "releases", tmp_path / "c.sock", "", python="", requirements="lock")
    for commit in ("a", "b"):
        made.prepare(commit, lambda folder: folder.mkdir())
    return made


def test_the_supervisor_changes_or_says_why_not(deployment, supervisor):
    assert deployment.change("a", (), ()).ok
    supervisor.refuse = "it crashed"
    refused = deployment.change("b", (), ())
    assert (refused.ok, refused.release, refused.reason) == (False, "a", "it crashed")
    supervisor.refuse = ""
    changed = deployment.change("b", (), ())
    assert (changed.ok, changed.release, changed.previous) == (True, "b", "a")


def test_an_order_names_what_is_asked_before_users_do_and_what_is_waited_for(deployment, supervisor):
    headers = {"accept": "*/*", "cookie": "a=[redacted]", "x-\n": "1", "x-bell": "\a"}
    probes = (
        Probe(Request("GET", "/orders?page=2", headers)),
        Probe(Request("POST", "/search", body_kind="json", body={"q": "é"}), below=400),
        Probe(Request("POST", "/ask", body_kind="text", body="why")),
        Probe(Request("POST", "/ask", body_kind="base64", body="/w==")),
        Probe(Request("POST", "/ask", body_kind="text", body="w", truncated=True)),
        Probe(Request("GET", "http://elsewhere.example/")),
    )
    assert deployment.change("a", probes, (Watch("POST", "/carts/*/checkout"), Watch("GET", "/x?y=1"))).ok
    assert supervisor.orders == [
        {
            "op": "change",
            "release": "a",
            "watch": [{"method": "POST", "path": "/carts/*/checkout"}, {"method": "GET", "path": "/x"}],
            "smoke": [
                {"method": "GET", "path": "/orders?page=2", "headers": {"accept": "*/*"}, "body": None, "below": 500},
                {"method": "POST", "path": "/search", "headers": {}, "body": '{"q": "\\u00e9"}', "below": 400},
                {"method": "POST", "path": "/ask", "headers": {}, "body": "why", "below": 500},
            ],
        }
    ]


def test_an_order_is_never_more_than_the_supervisor_reads(deployment, supervisor):
    large = Probe(Request("POST", "/ask", body_kind="text", body="x" * 25_000))
    small = Probe(Request("GET", "/orders"))
    watches = [Watch("GET", f"/{number}") for number in range(60)]
    assert deployment.change("a", (large, large, large, *[small] * 60), watches).ok
    order = supervisor.orders[0]
    assert [len(probe["body"] or "") for probe in order["smoke"]] == [25_000, 25_000, *[0] * 48]
    assert len(order["watch"]) == 50
    assert len(json.dumps(order)) <= LARGEST_ORDER


def test_a_canary_has_a_share_and_then_all(deployment, supervisor):
    deployment.change("a", (), ())
    changed = deployment.change("b", (), (), canary=1)
    assert (changed.ok, changed.release) == (True, "a")
    serving = deployment.serving()
    assert (serving.release, serving.canary) == ("a", "b")
    assert supervisor.orders[-1] == {"op": "change", "release": "b", "canary": 1}
    assert deployment.change("b", (), ()).release == "b"
    assert deployment.serving().canary is None


def test_what_is_served_and_what_users_got_is_told(deployment, supervisor):
    deployment.change("a", (), ())
    deployment.change("b", (), ())
    supervisor.figures("a", requests=100, failed=2, p50=0.01, p99=0.2, watched=7, watched_failed=1)
    assert deployment.serving() == Serving(
        "b", "serving", traffic={"a": Traffic(100, 2, 0.01, 0.2, 7, 1), "b": Traffic()}
    )
    supervisor.fall_back("its workers ended by themselves twice")
    left = deployment.serving()
    assert left.release == "a"
    assert left.fell_back == "The supervisor left b by itself: its workers ended by themselves twice."


def test_an_older_supervisor_serves_too_but_knows_no_canary(deployment, supervisor):
    supervisor.old = True
    assert deployment.serving() == Serving(None, "waiting")
    assert deployment.change("a", (), ()).ok
    with pytest.raises(DeploymentError, match="an older one and would give the release to all"):
        deployment.change("b", (), (), canary=1)
    assert supervisor.changes == ["a"]


def test_a_supervisor_that_is_away_or_stopping_means_not_now(tmp_path, deployment, supervisor):
    supervisor.refuse = STOPPING
    with pytest.raises(DeploymentError, match="is stopping, and changes to a when it is back"):
        deployment.change("a", (), ())
    nobody = SupervisorDeployment(tmp_path, tmp_path / "none.sock", "", python="")
    for asked in (nobody.serving, lambda: nobody.change("a", (), ())):
        with pytest.raises(DeploymentError, match=r"none\.sock does not answer"):
            asked()


@pytest.mark.parametrize("answer", [b"[" * 200_000, b"\xff", b"{", b"[]"])
def test_a_supervisor_that_answers_with_something_else_is_one_that_cannot_be_asked(tmp_path, answer):
    class Odd(socketserver.StreamRequestHandler):
        def handle(self):
            self.rfile.readline()
            self.wfile.write(answer + b"\n")

    with socketserver.UnixStreamServer(str(tmp_path / "odd"), Odd) as server:
        threading.Thread(target=server.handle_request).start()
        with pytest.raises(DeploymentError, match="answer"):
            SupervisorDeployment(tmp_path, tmp_path / "odd", "", python="python").serving()


def test_a_release_without_what_its_lock_file_names_is_refused(deployment):
    def export(folder):
        folder.mkdir()
        (folder / "lock").write_text("-e .\n")

    deployment.prepare("c", export)
    assert "lock, line 1" in deployment.refused("c")
    assert set(deployment.kept()) == {"a", "b"}
    deployment.point("b")
    deployment.tidy(frozenset())
    assert deployment.current() == "b"
