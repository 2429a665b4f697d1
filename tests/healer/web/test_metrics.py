"""What /metrics shows, over a real store: the names, that every number is right, and that the dashboard fits it."""

import json
import re
import sqlite3
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from healer.edges.bus import Bus
from healer.edges.notify import Target
from healer.edges.sandbox import RUNS, Sandbox
from healer.edges.store import Store
from healer.model import ExceptionInfo, Proposal, State
from healer.pipeline import carrying, stopping
from healer.pipeline.notifying import MESSAGES, Notifying, Wish
from healer.pipeline.parts import Parts
from healer.web import counting
from healer.web.metrics import Metrics
from healer.web.needs import Web
from prometheus_client.parser import text_string_to_metric_families

from tests.healer.samples import REQUEST, a_report

DOCS = Path(__file__).parents[3] / "docs"
HOSTILE = '"}\nhealer_fake 1\n<script>'
BOUNDED = {"service", "state", "outcome", "stage", "type", "target", "kind", "le", "version"}
OF_THE_PROCESS = ("process_", "python_")
# All others are of the log, the same in each healer on one database: summed up they would count several times.
OF_ONE_HEALER = tuple(f"healer_{name}" for name in ("build", "event_streams", "notifications", "sandbox", "spans"))


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'healer.db'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def parts(store):
    limits = SimpleNamespace(remaining=4812)
    service = SimpleNamespace(name="shop", forge=SimpleNamespace(limits=lambda: limits))
    return Parts(store, {"shop": service}, "http://healer.test", 1)


@pytest.fixture
def measured(parts):
    MESSAGES.clear()
    RUNS.clear()
    dispatch = SimpleNamespace(take_all=None)
    return Metrics(Web(parts, dispatch, Bus(), None, "", str))


def families(measured):
    return {family.name: family for family in text_string_to_metric_families(measured.text().decode())}


def value(measured, name, **labels):
    samples = (sample for family in families(measured).values() for sample in family.samples)
    return {sample.value for sample in samples if sample.name == name and sample.labels == labels}


def move(store, incident, *states):
    for state in states:
        store.incidents.move(incident.id, state, expected=State)


def test_every_name_and_label_is_as_prometheus_wants_it(measured, store):
    store.incidents.take(a_report(exception=ExceptionInfo(HOSTILE, HOSTILE)), "f")
    text = measured.text().decode()
    assert "<script>" not in text
    assert "/things" not in text
    found = families(measured)
    own = {name: family for name, family in found.items() if not name.startswith(OF_THE_PROCESS)}
    assert len(found) > len(own) > 20
    for name, family in own.items():
        assert re.fullmatch("healer_[a-z_]+", name)
        assert re.fullmatch(r"[A-Z01].*\.", family.documentation), name
        if family.type == "histogram":
            assert name.endswith("_seconds")
        for sample in family.samples:
            assert set(sample.labels) <= BOUNDED, name
            if family.type == "counter":
                assert sample.name.endswith("_total")


def test_reports_are_counted_exactly_and_from_the_start_on(parts, store):
    store.incidents.take(a_report(), "f")
    time.sleep(0.001)
    measured = Metrics(Web(parts, SimpleNamespace(take_all=None), Bus(), None, "", str))
    store.incidents.take(a_report(report_id="b" * 32, suppressed=41, lost={"full": 3, "refused": 1}), "g")
    other = a_report(report_id="c" * 32, service="blog")
    for _ in range(2):  # the second time it is known
        store.incidents.take(other, "f")
    for _ in range(2):
        assert value(measured, "healer_reports_total", service="shop") == {42}
        assert value(measured, "healer_reports_total", service="blog") == {1}
        assert value(measured, "healer_reports_lost_total", service="shop") == {4}
        assert value(measured, "healer_events_total", type="incident.opened") == {2}


def test_a_heal_is_counted_with_its_times(measured, parts, store):
    incident = store.incidents.take(a_report(), "f")
    stopping.note_start(parts, incident)
    parts.note(incident, "stage.finished", {"stage": "fetch", "seconds": 0.3, "detail": ""}, "execution")
    parts.note(incident, "model.asked", {"answer": 1, "tokens": 700}, "patch")
    parts.note(incident, "model.answered", {"answer": 1, "first": 1.0, "seconds": 7.0}, "patch")
    for accepted in (False, True):
        parts.note(incident, "candidate.judged", {"accepted": accepted}, "reasoning")
    parts.note(incident, "proposal.opened", {}, "patch")
    move(store, incident, State.REPAIRING, State.PROPOSED, State.OPEN, State.PROPOSED)  # a round, which is no new crash
    parts.note(incident, "proposal.merged", {}, "control")
    move(store, incident, State.MERGED, State.RELEASING)
    store.incidents.healed(incident.id, "replay")
    move(store, incident, State.RESOLVED)
    expected = {
        ("healer_heals_started_total", ("service", "shop")): 1,
        ("healer_stage_seconds_sum", ("stage", "fetch")): 0.3,
        ("healer_model_prompt_tokens_total",): 700,
        ("healer_model_answer_seconds_sum",): 7,
        ("healer_time_to_proposal_seconds_count", ("service", "shop")): 1,
        ("healer_time_to_healed_seconds_count", ("service", "shop")): 1,
    }
    for (name, *labels), number in expected.items():
        assert value(measured, name, **dict(labels)) == {number}, name
    for name, outcome in (
        ("candidates", "accepted"),
        ("candidates", "refused"),
        ("proposals", "opened"),
        ("proposals", "merged"),
        ("heals", "resolved"),
    ):
        assert value(measured, f"healer_{name}_total", service="shop", outcome=outcome) == {1}, outcome
    move(store, incident, State.OPEN, State.PROPOSED)  # it came again
    assert value(measured, "healer_time_to_proposal_seconds_count", service="shop") == {2}


def test_a_release_counts_once_however_many_incidents_it_is_about(measured, parts, store):
    service = SimpleNamespace(name="shop")
    both = [store.incidents.take(a_report(report_id=letter * 32), letter) for letter in "fg"]
    for _ in range(2):  # a person had it served once more
        carrying.tell(parts, service, both, "release.live", {"commit": "c" * 40}, "")
        carrying.tell(parts, service, [], "release.failed", {"commit": "d" * 40}, "")
        store.log.append("model.tokens", both[0].id, {}, trace_id="", ui_hint="patch")
        both = [store.incidents.get(one.id) for one in both]
        for one in both:
            store.incidents.set(one.id, attempt=one.attempt + 1)
        both = [store.incidents.get(one.id) for one in both]
    assert value(measured, "healer_releases_total", service="shop", outcome="live") == {2}


def test_what_is_deleted_is_still_of_its_service(measured, store):
    incident = store.incidents.take(a_report(), "f")
    move(store, incident, State.DECLINED)
    assert store.retention.over("9999").incidents == 1
    assert value(measured, "healer_heals_total", service="shop", outcome="declined") == {1}


def test_a_line_of_another_version_spoils_no_other(measured, parts, store):
    incident = store.incidents.take(a_report(), "f")
    parts.note(incident, "stage.finished", {"took": "long"}, "execution")
    parts.note(incident, "stage.finished", {"stage": "fetch", "seconds": 0.3}, "execution")
    for _ in range(2):
        assert value(measured, "healer_stage_seconds_count", stage="fetch") == {1}


def test_how_it_is_now(measured, parts, store):
    incident = store.incidents.take(a_report(request=REQUEST), "f")
    move(store, incident, State.PROPOSED)
    store.proposals.put(Proposal(incident.id, 9, "shop", "b", "main", "a", "Look first", "body", "u"), 1, "diff")
    assert value(measured, "healer_proposals_open", service="shop") == {1}
    assert value(measured, "healer_incidents", service="shop", state="proposed") == {1}
    assert value(measured, "healer_incidents", service="shop", state="open") == {0}
    assert value(measured, "healer_forge_requests_remaining", service="shop") == {4812}
    assert value(measured, "healer_intake_queue", service="shop") == {0}
    assert value(measured, "healer_event_streams") == {0}
    assert value(measured, "healer_audit_chain_ok") == {1}
    for stopped in (True, False):
        stopping.turn(parts, stopped, "ada", "")
        assert value(measured, "healer_automation_stopped") == {int(stopped)}


def test_a_log_that_was_cut_off_shows(measured, store, tmp_path):
    store.incidents.take(a_report(), "f")
    with sqlite3.connect(tmp_path / "healer.db") as connection:
        connection.execute("UPDATE chain SET count = count - 1, last_id = last_id - 1")
    connection.close()
    assert value(measured, "healer_audit_chain_ok") == {0}


ALERTS = re.findall(r"expr: (.*)", (DOCS / "observing.md").read_text())


def test_what_an_alert_waits_for_is_there_at_0_before_it_happens(parts, store, tmp_path):
    """`increase` sees no rise in what begins at 1."""
    wish = Wish(Target("desk", "http://127.0.0.1:9/"), frozenset(State), frozenset())
    Notifying(parts, Bus(), [wish])
    Sandbox(tmp_path / "s.sock")
    measured = Metrics(Web(parts, SimpleNamespace(take_all=None), Bus(), None, "", str))
    samples = [sample for family in families(measured).values() for sample in family.samples]
    asked = [found for expr in ALERTS for found in re.findall(r"increase\((\w+)(?:\{outcome=~?\"(.+?)\"\})?\[", expr)]
    assert len(asked) >= 5
    for name, outcomes in asked:
        for outcome in outcomes.split("|"):
            found = [one for one in samples if one.name == name and one.labels.get("outcome", "") == outcome]
            assert found, (name, outcome)
            assert {one.value for one in found} == {0}
            assert {one.labels["service"] for one in found if "service" in one.labels} <= {"shop"}


def test_a_scrape_that_fails_in_the_middle_counts_nothing_twice_and_nothing_never(measured, parts, store, monkeypatch):
    gone, there = (store.incidents.take(a_report(report_id=letter * 32), letter) for letter in "fg")
    move(store, there, State.DECLINED)
    move(store, gone, State.DECLINED)
    store.retention.beyond(0)  # whose service only the log knows now
    store.log.append("incident.state", "unheard", {"from": "open", "to": "proposed"}, trace_id="", ui_hint="")
    ask, asked = store.log.of_key, []

    def away(*arguments):
        asked.append(arguments)
        if len(asked) == 2:
            raise OSError("the database is away")
        return ask(*arguments)

    monkeypatch.setattr(store.log, "of_key", away)
    with pytest.raises(OSError, match="away"):
        measured.text()
    for _ in range(2):
        assert value(measured, "healer_reports_total", service="shop") == {2}
        assert value(measured, "healer_heals_total", service="shop", outcome="declined") == {2}
        assert value(measured, "healer_events_total", type="incident.opened") == {2}


def test_a_scrape_goes_on_by_so_much_and_no_other_waits_for_it(measured, store, monkeypatch):
    monkeypatch.setattr(counting, "MOST_AT_ONCE", 2)
    incident = store.incidents.take(a_report(), "f")
    move(store, incident, *[State.DECLINED, State.OPEN] * 4)
    seen = [value(measured, "healer_heals_total", service="shop", outcome="declined").pop() for _ in range(6)]
    assert seen[0] < seen[-1] == 4
    assert seen == sorted(seen)
    reading, go_on = threading.Event(), threading.Event()
    last_id = store.log.last_id
    monkeypatch.setattr(store.log, "last_id", lambda: (reading.set(), go_on.wait(10), last_id())[-1])
    counts = threading.Thread(target=measured.text)
    counts.start()
    assert reading.wait(10)
    assert b"healer_heals_total" in measured.text()
    go_on.set()
    counts.join()


def names_of(measured):
    """As they stand in a query."""
    found = set()
    for name, family in families(measured).items():
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
        found |= {name + end for end in ends.get(family.type, ("",))}
    return found


def test_the_dashboard_is_of_these_metrics(measured):
    board = json.loads((DOCS / "grafana-dashboard.json").read_text())
    assert board["schemaVersion"] >= 36
    assert {one["name"]: one["type"] for one in board["templating"]["list"]} == {
        "datasource": "datasource",
        "service": "query",
    }
    asked = set()
    for panel in board["panels"]:
        assert set(panel["gridPos"]) == {"h", "w", "x", "y"}, panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"]
            if re.search(r"\b(process|python)_", target["expr"]):  # which every exporter has
                assert target["expr"].endswith(" and on (job, instance) healer_build_info")
                assert target["legendFormat"] == "{{instance}}"
            asked |= set(re.findall(r"\b(?:healer|process|python)_[a-z_]+", target["expr"]))
            for around, name in re.findall(
                r"([a-z_]+(?: by \([a-z, ]+\) )?\((?:(?:rate|increase)\()?)?(healer_\w+)", target["expr"]
            ):
                assert name.startswith(OF_ONE_HEALER) or around.startswith(("max", "min")), target["expr"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    there = names_of(measured)
    assert asked <= there
    plain = {re.sub("_(bucket|sum|count)$", "", name) for name in asked}
    own = {re.sub("_(bucket|sum|count)$", "", name) for name in there if name.startswith("healer_")}
    assert own <= plain, "a metric that the dashboard does not show"


def test_the_documentation_has_a_line_for_each(measured):
    page = (DOCS / "observing.md").read_text()
    told = set(re.findall(r"^\| `(healer_[a-z_]+)", page, re.MULTILINE))
    assert told == {
        re.sub("_(bucket|sum|count)$", "", name) for name in names_of(measured) if name.startswith("healer_")
    }
    for name in re.findall(r"\bhealer_[a-z_]+", "".join(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))):
        assert name in names_of(measured), "an alert on something that is not there"
