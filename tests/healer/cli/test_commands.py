"""The commands against a real healer: tables for people, JSON for scripts, one clear line when it does not work."""

import json

from healer.cli import demonstration
from rich.console import Console

from tests.healer.web.canned import incident


def test_an_incident_is_listed_shown_and_acted_on(site):
    assert "No incident yet." in site.command("incidents").stdout
    incident_id = site.proposed()

    listed = site.command("incidents")
    assert listed.returncode == 0
    assert incident_id in listed.stdout
    assert "proposed" in listed.stdout
    assert json.loads(site.command("incidents", "--json").stdout)[0]["id"] == incident_id

    shown = site.command("show", incident_id[:4])
    assert "cause:" in shown.stdout
    assert "by healer on 20" in shown.stdout
    assert "Start of the service" in shown.stdout
    assert "+        raise HTTPException(404" in shown.stdout
    assert f"healer approve {incident_id}" in shown.stdout
    assert json.loads(site.command("show", incident_id, "--json").stdout)["state"] == "proposed"

    rejected = site.command("reject", incident_id[:4], "--reason", "not now")
    assert rejected.returncode == 0
    assert site.incident(incident_id)["reason"] == "not now"
    again = site.command("approve", incident_id)
    assert again.returncode == 1
    assert again.stderr.strip() == f"healer: approve needs an open proposal; {incident_id} is rejected"
    assert site.command("retry", incident_id).returncode == 0
    unknown = site.command("show", "zzz")
    assert (unknown.returncode, "no incident begins with 'zzz'" in unknown.stderr) == (1, True)


def test_the_link_signs_in_and_is_in_no_log(site):
    link = site.command("link").stdout.strip()
    answer = site.http.get(link, headers={"authorization": ""})
    assert (answer.status_code, "healer_session" in answer.headers["set-cookie"]) == (303, True)
    token = link.partition("token=")[2]
    assert token not in (site.folder / "healer.log").read_text()


def test_a_second_healer_on_the_same_home_says_so(site):
    second = site.command("serve")
    assert second.returncode == 2
    assert "another healer runs on" in second.stderr
    assert "HEALER_HOME" in second.stderr


def test_what_looks_alike_and_who_changed_it_last_is_shown_inert():
    hostile = "[red]\x1b[2Jx"
    diagnosis = {
        "cause": "c",
        "fix_sites": [],
        "suspect": {"commit": "abc1234def", "author": hostile, "date": "2026-01-02T03:04:05Z", "summary": hostile},
        "siblings": [{"file": "a.py", "line": 7, "function": "f", "why": hostile}],
    }
    console = Console(record=True, width=200, force_terminal=True, color_system=None)
    item = incident(diagnosis=diagnosis, verdicts=[], proposal=None, actions=[])
    demonstration.print_incident(console, item)
    shown = console.export_text()
    assert "last changed in abc1234 by [red] [2Jx on 2026-01-02: [red] [2Jx" in shown
    assert "looks alike, and is not changed:\n  a.py:7 in f  [red] [2Jx" in shown
    assert "\x1b[2J" not in shown
