"""The whole pipeline of a real healer process: store, workflows, git, sandbox, webhook; the supervisor is scripted."""

import pytest

from tests.healer.site import a_report


def test_from_a_report_to_a_healed_service(site):
    first = site.git("rev-parse", "main")
    incident_id = site.proposed()
    incident = site.incident(incident_id)
    assert incident["proposal"]["branch"] == f"healer/{incident_id}-1"
    assert "+        raise HTTPException(404," in incident["proposal"]["diff"]
    chosen = next(verdict for verdict in incident["verdicts"] if verdict["chosen"])
    assert chosen["evidence"]["before"]["exception"]["type"] == "KeyError"
    assert chosen["evidence"]["after"]["status"] == 404
    tests = chosen["evidence"]["tests"]["after"]
    assert (tests["passed"], tests["failed"], tests["failing"], tests["problem"]) == (1, 0, [], "")
    assert "1 passed" in tests["output"]
    assert chosen["evidence"]["not_run"] == []
    written = chosen["evidence"]["regression"]
    assert (written["before"], written["after"]) == ("failed", "passed")
    assert f"+++ b/{written['file']}" in incident["proposal"]["diff"]
    assert incident["proposal"]["draft"] is False
    assert chosen["assessment"]["confidence"] >= 0.78
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
    assert [(item["state"], item["previous"]) for item in incident["releases"]] == [("soaking", first)]
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
    site.wait(lambda: site.incident(incident_id)["releases"][0]["state"] == "rolled_back")


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
    site.wait(lambda: site.incident(incident_id)["releases"][0]["state"] == "failed")


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


def test_a_proposal_is_discussed_here_as_on_a_forge(site):
    incident_id = site.proposed()
    first = site.incident(incident_id)["proposal"]["head_sha"]

    def discussion() -> list[tuple[str, str]]:
        return [(one["kind"], one["text"]) for one in site.incident(incident_id)["proposal"]["discussion"]]

    site.act(incident_id, "comment", text="/heal explain")
    site.wait(lambda: any(kind == "reply" and "KeyError" in text for kind, text in discussion()))
    site.act(incident_id, "request-changes", text="Answer with 422, as the rest of the service does.")
    site.wait(lambda: site.incident(incident_id)["proposal"]["head_sha"] != first)
    incident = site.until(incident_id, "proposed")
    assert "+        raise HTTPException(422," in incident["proposal"]["diff"]
    assert (incident["proposal"]["number"], incident["proposal"]["rounds"]) == (1, 1)
    branch, head = incident["proposal"]["branch"], incident["proposal"]["head_sha"]
    assert site.git("rev-parse", branch) == head
    assert site.http.post(f"/api/v1/incidents/{incident_id}/approve", json={"head_sha": first}).status_code == 409

    # As a person would: one more commit on the healer's branch.
    tree = site.git("rev-parse", f"{branch}^{{tree}}")
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    amended = site.git(*author, "commit-tree", tree, "-p", head, "-m", "Say why")
    site.git("update-ref", f"refs/heads/{branch}", amended)
    site.wait(lambda: any("Ada added commits" in text for _, text in discussion()))
    site.act(incident_id, "approve", head_sha=amended)
    site.until(incident_id, "soaking")
    assert site.git("merge-base", "--is-ancestor", amended, "main") == ""


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
    # Without the values of its frames the function cannot be called either.
    frames = [{**frame, "locals": {}} for frame in a_report()["frames"]]
    incident_id = site.report(1, **{"frames": frames, **changes})
    incident = site.until(incident_id, "declined", "proposed")
    assert incident["state"] == "declined"
    assert said in incident["reason"]
    assert incident["proposal"] is None
    assert site.git("branch", "--list", "healer/*") == ""


def test_a_crash_that_no_request_shows_is_shown_by_a_call_and_becomes_a_draft(site):
    incident_id = site.report(1, request=None)
    incident = site.until(incident_id, "declined", "proposed")
    assert incident["state"] == "proposed", incident["reason"]
    assert incident["proposal"]["draft"] is True
    evidence = next(verdict for verdict in incident["verdicts"] if verdict["chosen"])["evidence"]
    assert evidence["shown_by"] == "call"
    assert evidence["before"]["exception"]["type"] == "KeyError"
    assert evidence["after"]["exception"]["type"] == "HTTPException"
    assert "shown by calling the function" in incident["proposal"]["body"]


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


def test_told_to_stop_it_ends_by_itself(site):
    site.stop()


def test_the_event_stream_resumes_where_it_was(site):
    incident_id = site.proposed()
    last = site.incident(incident_id)["events"][2]["id"]
    with site.http.stream("GET", "/api/v1/events", headers={"last-event-id": str(last)}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        ids = []
        for line in answer.iter_lines():
            if line.startswith("id: "):
                ids.append(int(line.removeprefix("id: ")))
            if len(ids) == 5:
                break
    assert ids == list(range(last + 1, last + 6))


@pytest.mark.parametrize("site", [{"autonomy": "autonomous"}], indirect=True)
def test_where_the_owner_allows_it_nobody_is_needed(site):
    good = [{"method": "GET", "path": path, "headers": {}, "status": 200} for path in ("/stock/tea", "/prices/tea")]
    incident_id = site.report(earlier_requests=good)
    incident = site.until(incident_id, "soaking", "declined")
    assert incident["state"] == "soaking", incident["reason"]
    merging = next(event for event in incident["events"] if event["type"] == "proposal.merging")
    assert merging["payload"]["confidence"] >= merging["payload"]["min_confidence"]
    assert site.supervisor.serving == site.git("rev-parse", "main")
    # It holds no longer than its release does.
    site.report(2, release=site.supervisor.serving)
    site.until(incident_id, "rolled_back")
