"""The commands against a real healer: tables for people, JSON for scripts, one clear line when it does not work."""

import io
import json

from healer.cli import showing
from rich.console import Console

from tests.healer.web.canned import DISCUSSION, GITHUB, ON_GITHUB, REPORT, VERDICTS, incident


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

    long = site.command("request-changes", incident_id, "x" * 1001)
    assert (long.returncode, "body.text" in long.stderr) == (2, True)
    assert "comment accepted, now proposed" in site.command("comment", incident_id[:4], "looks [red]fine").stdout
    assert "  operator\n    looks [red]fine\n" in site.command("show", incident_id).stdout

    rejected = site.command("reject", incident_id[:4], "--reason", "not now")
    assert rejected.returncode == 0
    assert site.incident(incident_id)["reason"] == "not now"
    again = site.command("approve", incident_id)
    assert again.returncode == 1
    assert again.stderr.strip() == f"healer: approve needs an open proposal; {incident_id} is rejected"
    assert site.command("retry", incident_id, "--hint", "the shelf may be empty").returncode == 0
    asked = [event["payload"]["reason"] for event in site.incident(incident_id)["events"] if "retry" in event["type"]]
    assert asked == ["the shelf may be empty"]
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
    showing.print_incident(console, item)
    shown = console.export_text()
    assert "last changed in abc1234 by [red] [2Jx on 2026-01-02: [red] [2Jx" in shown
    assert "looks alike, and is not changed:\n  a.py:7 in f  [red] [2Jx" in shown
    assert "\x1b[2J" not in shown


def test_who_reported_a_crash_and_what_else_belongs_to_it_is_shown_inert():
    error = {"type": "KeyError", "message": "\x1b[2Jx"}
    report = REPORT | {"chain": [{"relation": "cause", "exception": error, "frames": []}]}
    console = Console(record=True, width=200, force_terminal=True, color_system=None)
    showing.print_incident(console, incident(report=report))
    assert (
        "reported by: sentry.python.fastapi/2.75.0 (python)\n"
        "caught: logged by the service, which went on\n"
        "caused by: KeyError:  [2Jx\n"
        "approximate replay: reported by sentry.python.fastapi/2.75.0: cookies are missing\n"
    ) in console.export_text()


CHOICES = ("relation", "kind")  # which decide what is shown


def hostile(value, told=""):
    """The same answer with foreign text after each text of it."""
    if isinstance(value, dict):
        return {name: hostile(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one) for one in value]
    return f"{value}\x1b]0;pwned\x07\x9b2J\u202e[red]" if isinstance(value, str) and told not in CHOICES else value


def test_nothing_that_is_shown_of_an_incident_gets_through_to_the_terminal():
    chain = [{"relation": "cause", "exception": {"type": "KeyError", "message": "m"}, "frames": []}]
    item = incident(report=REPORT | {"chain": chain}, proposal=ON_GITHUB | {"discussion": DISCUSSION})
    console = Console(record=True, width=400, force_terminal=True, color_system=None, file=io.StringIO())
    showing.print_incident(console, hostile(item))
    printed = console.export_text()
    assert printed.count("[red]") > 30
    assert "crashes with AttributeError" in printed
    assert [one for one in printed if not one.isprintable() and one != "\n"] == []


def shown(**proposal) -> str:
    """What `healer show` prints of a proposal for which another round is at work, so that no verdict is chosen."""
    console = Console(record=True, width=200, force_terminal=True, color_system=None)
    showing.print_incident(console, incident(verdicts=VERDICTS[1:], proposal=ON_GITHUB | proposal))
    return console.export_text()


def test_where_a_proposal_is_and_what_was_said_of_it_is_shown_inert():
    hostile = {
        "id": "c",
        "kind": "comment",
        "by": "[red]\x1b[2Jeve",
        "text": "[b]\x1b[2J\nx",
        "at": "2026-11-20T12:01:00Z",
    }
    text = shown(amended=True, draft_there=True, discussion=[*DISCUSSION, hostile])
    for line in (
        "pull request #12 on GitHub, https://github.com/acme/shop/pull/12",
        "  a draft there\n",
        "others added commits to it",
        "@ada was asked to review it",
        "round 1 of 3",
        "2026-11-20 12:00  ada asks for changes\n    Please answer 422:\n    shop/returns.py:39: here",
        "2026-11-20 12:00  the healer\n    The other refusals",
        "2026-11-20 12:01  [red] [2Jeve\n    [b] [2J\n    x",
        "healer comment i1 TEXT",
    ):
        assert line in text
    assert "\x1b[2J" not in text


def test_a_proposal_that_is_not_published_yet_says_why():
    waiting = {"state": "prepared", "number": 0, "url": "", "discussion": []}
    text = shown(**waiting, forge=GITHUB | {"problem": "the token has expired"})
    assert "draft proposal on heal/1 at 9c1d22e7b4" in text
    assert "waiting to be published: the token has expired" in text
    assert "being published" in shown(**waiting)
