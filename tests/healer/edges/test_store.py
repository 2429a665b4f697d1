import threading
from dataclasses import replace

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from healer.edges.store import Delivery, Store, tables
from healer.edges.store.database import MIGRATIONS, Database
from healer.model import (
    Conflict,
    Evidence,
    NotFound,
    Outcome,
    Outcomes,
    PastFix,
    Proposal,
    Remark,
    Site,
    State,
    Suspect,
    Verdict,
)
from sqlalchemy import event, text

from tests.healer.samples import a_candidate, a_diagnosis, a_replay, a_report, answered, crashed


def taken(store: Store, number: int = 1, fingerprint: str = "f"):
    at = f"2026-01-02T03:04:05.{number:06d}Z"
    return store.incidents.take(a_report(report_id=f"{number:032d}", received_at=at), fingerprint)


def test_the_migrations_make_the_tables_that_the_code_knows(store):
    with store._database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_what_one_key_was_told_of_is_found_without_reading_all_of_its_type(store):
    said = []
    listen = lambda _c, _k, statement, values, *_: said.append((statement, values))  # noqa: E731
    event.listen(store._database.engine, "before_cursor_execute", listen)
    taken(store)
    store.log.of_key("key", 1, ("incident.forgotten",))
    store.log.of_key("key", 1, ("incident.forgotten", "incident.opened"))
    store.log.of_key("key", 1)
    event.remove(store._database.engine, "before_cursor_execute", listen)
    asked = [(statement, values) for statement, values in said if 'events."key" = ?' in statement]
    assert len(asked) == 4
    with store._database.engine.connect() as connection:
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values).all() for one, values in asked]
    by_type, by_key = "USING INDEX ix_events_key_type_id (key=? AND type=?)", "USING INDEX ix_events_key (key=?)"
    assert [[row[-1] for row in plan] for plan in plans] == [
        [f"SEARCH events {how}"] for how in (by_type, by_type, by_key, by_key)
    ]


def test_migrating_twice_changes_nothing(store):
    taken(store)
    store.migrate()
    assert len(store.incidents.list()) == 1


def test_reports_of_one_fingerprint_are_one_incident(store):
    first, second = taken(store, 1), taken(store, 2)
    assert first.id == second.id
    assert (second.count, second.first_seen, second.last_seen) == (
        2,
        "2026-01-02T03:04:05.000001Z",
        "2026-01-02T03:04:05.000002Z",
    )
    assert taken(store, 3, "another").id != first.id


def test_a_report_sent_twice_counts_once(store):
    taken(store, 1)
    assert taken(store, 1).count == 1


def test_a_report_comes_back_as_it_went_in(store):
    report = a_report(env={"A": "b"}, earlier_requests=(replace(a_report().request, status=201, ids={"/id": 7}),))
    incident = store.incidents.take(report, "f")
    assert store.incidents.latest_report(incident.id) == report


def test_a_move_writes_its_event_in_the_same_breath(store):
    incident = taken(store)
    assert store.incidents.move(incident.id, State.DIAGNOSING, "why", expected=(State.OPEN,), base="abc")
    moved = store.incidents.get(incident.id)
    assert (moved.state, moved.reason, moved.base) == (State.DIAGNOSING, "why", "abc")
    event = store.log.of_key(incident.id)[-1]
    assert (event.type, event.payload, event.trace_id) == (
        "incident.state",
        {"from": "open", "to": "diagnosing", "reason": "why"},
        incident.trace_id,
    )


def test_a_move_made_before_is_no_move(store):
    incident = taken(store)
    store.incidents.move(incident.id, State.DIAGNOSING, expected=(State.OPEN,))
    assert not store.incidents.move(incident.id, State.DIAGNOSING, expected=(State.OPEN,))
    assert len([event for event in store.log.of_key(incident.id) if event.type == "incident.state"]) == 1


def test_a_move_from_elsewhere_is_a_conflict(store):
    incident = taken(store)
    with pytest.raises(Conflict, match="is open, so it cannot become merged"):
        store.incidents.move(incident.id, State.MERGED, expected=(State.PROPOSED,))
    assert store.incidents.get(incident.id).state == State.OPEN


def test_an_unknown_incident_is_named(store):
    with pytest.raises(NotFound, match="'nope'"):
        store.incidents.get("nope")


def test_verdicts_come_back_whole(store):
    incident = taken(store)
    evidence = Evidence(a_replay(crashed()), a_replay(answered(404)))
    verdict = Verdict(a_candidate(), True, "fits", (), evidence, 0.5)
    refused = Verdict(a_candidate(origin="b"), False, "no")
    store.incidents.put_verdict(incident.id, 1, 0, refused, chosen=False)
    store.incidents.put_verdict(incident.id, 1, 1, verdict, chosen=True)
    assert store.incidents.verdicts(incident.id, 1) == ((refused, False), (verdict, True))
    store.incidents.forget_candidates(incident.id, 1)
    assert store.incidents.verdicts(incident.id, 1) == ()
    suspect = Suspect("a" * 40, "Ada", "2026-01-02T03:04:05Z", "Look up things")
    diagnosis = a_diagnosis(siblings=(Site("app/main.py", 30, "write", "the same"),), suspect=suspect)
    store.incidents.set(incident.id, diagnosis=diagnosis)
    assert store.incidents.get(incident.id).diagnosis == diagnosis


def a_proposal(incident_id: str, number: int = 1) -> Proposal:
    return Proposal(incident_id, number, "shop", f"healer/a-{number}", "main", "a" * 40, "Fix", "body", "http://x")


def test_a_proposal_is_closed_once(store):
    incident = taken(store)
    assert store.proposals.next_number("shop") == 1
    store.proposals.put(a_proposal(incident.id), 1, "diff")
    assert store.proposals.next_number("shop") == 2
    assert len(store.proposals.open()) == 1
    assert store.proposals.close(a_proposal(incident.id), "merged", "c" * 40)
    assert not store.proposals.close(a_proposal(incident.id), "closed")
    filed = store.proposals.of_incident(incident.id)
    assert filed is not None
    assert (filed.proposal.state, filed.proposal.merge_sha, filed.diff) == ("merged", "c" * 40, "diff")
    assert store.proposals.open() == ()


def a_merged_proposal(
    store: Store, number: int, *, service: str = "shop", category: str = "c", approach: str = "o"
) -> Proposal:
    incident = taken(store, 100 + number, f"f{number}")
    proposal = replace(a_proposal(incident.id, number), service=service)
    store.proposals.put(proposal, 1, f"diff {number}", approach=approach, category=category)
    store.proposals.close(proposal, "merged", "c" * 40)
    return proposal


def test_outcomes_are_counted_by_service_category_and_approach(store):
    for number in (1, 2, 3):
        a_merged_proposal(store, number)
    a_merged_proposal(store, 4, approach="m@1")
    a_merged_proposal(store, 5, category="other")
    a_merged_proposal(store, 6, service="other")
    incident = taken(store, 7, "f7")
    store.proposals.put(a_proposal(incident.id, 7), 1, "diff", approach="o", category="c")
    assert store.proposals.outcomes("shop", "c") == {"o": Outcomes(merged=3), "m@1": Outcomes(merged=1)}
    store.proposals.close(a_proposal(incident.id, 7), "closed")
    assert store.proposals.outcomes("shop", "c")["o"] == Outcomes(merged=3, rejected=1)
    assert store.proposals.outcomes("new", "c") == {}


def test_an_outcome_counts_once_and_gives_way_only_to_a_later_one(store):
    proposal = a_merged_proposal(store, 1)
    steps = [(Outcome.MERGED, False), (Outcome.CHANGED, True), (Outcome.MERGED, False), (Outcome.ROLLED_BACK, True)]
    for outcome, new in [*steps, (Outcome.ROLLED_BACK, False), (Outcome.CHANGED, False), (Outcome.REJECTED, False)]:
        assert store.proposals.settle(proposal, outcome) is new, outcome
    assert store.proposals.outcomes("shop", "c") == {"o": Outcomes(rolled_back=1)}
    filed = store.proposals.by_number("shop", 1)
    assert filed is not None
    assert (filed.approach, filed.category, filed.outcome) == ("o", "c", Outcome.ROLLED_BACK)


def test_what_is_known_before_the_close_stays(store):
    incident = taken(store)
    store.proposals.put(a_proposal(incident.id), 1, "diff", approach="o", category="c")
    store.proposals.settle(a_proposal(incident.id), Outcome.CHANGED)
    store.proposals.close(a_proposal(incident.id), "merged", "c" * 40)
    assert store.proposals.outcomes("shop", "c") == {"o": Outcomes(changed=1)}


def test_merged_fixes_are_those_of_the_service_that_stayed_as_they_were_proposed(store):
    for number in (1, 2, 3, 4):
        a_merged_proposal(store, number)
    a_merged_proposal(store, 5, service="other")
    store.proposals.settle(a_proposal("", 2), Outcome.ROLLED_BACK)
    store.proposals.settle(a_proposal("", 3), Outcome.CHANGED)
    kind = a_report().exception.type
    assert store.proposals.merged_fixes("shop") == (PastFix("c", kind, "diff 4"), PastFix("c", kind, "diff 1"))
    assert store.proposals.merged_fixes("shop", limit=1) == (PastFix("c", kind, "diff 4"),)


def test_proposals_of_the_first_tables_come_along(tmp_path):
    url = f"sqlite:///{tmp_path}/old.db"
    old = Database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        incident = (
            "insert into incidents values ('i','shop','f','merged','','E','m',null,null,null,null,1,'a','b','t',1"
        )
        connection.execute(text(f"{incident},null,null,null,null,null)"))
        connection.execute(
            text("insert into proposals values ('shop',1,'i',1,'b','m','h','t','b','d','u','open',null,'c')")
        )
    old.close()
    made = Store(url)
    made.migrate()
    filed = made.proposals.by_number("shop", 1)
    assert filed is not None
    assert (filed.diff, filed.approach, filed.outcome) == ("d", "", None)
    # What was open before forges were followed is there as it is, and nobody is asked to review it now.
    assert (filed.pushed_sha, filed.proposal.branch, filed.readied, filed.reviewer) == ("h", "b", True, "-")
    made.close()


def test_an_answer_comes_after_its_question_whatever_the_clocks_say(store):
    question = Remark("comment-1", "comment", "ada", "why?", "2026-01-01T00:00:01Z")
    answer = Remark("b#comment-1", "reply", "healer", "because", "2026-01-01T00:00:01.5Z")
    assert store.remarks.put("shop", "b", question)
    assert store.remarks.put("shop", "b", answer)
    assert not store.remarks.put("shop", "b", question)
    assert store.remarks.of_proposal("b") == (question, answer)
    store.remarks.done("shop", question)
    assert store.remarks.waiting("b") == (answer,)


def test_a_delivery_is_worked_once(store):
    delivery = Delivery("d1", "pull_request", {"a": 1})
    assert store.deliveries.put(delivery)
    assert not store.deliveries.put(delivery)
    assert store.deliveries.waiting() == (delivery,)
    store.deliveries.done("d1")
    assert store.deliveries.waiting() == ()
    assert not store.deliveries.put(delivery)


def test_an_event_named_once_is_written_once(store):
    for _ in range(2):
        store.log.append("x", "key", {}, trace_id="t", ui_hint="execution", once="name")
        store.log.append("y", "key", {}, trace_id="t", ui_hint="execution")
    assert [event.type for event in store.log.of_key("key")] == ["x", "y", "y"]
    assert [event.id for event in store.log.after(1)] == [2, 3]


def test_many_writers_lose_nothing(store):
    def write(start: int) -> None:
        for number in range(start, start + 20):
            taken(store, number)

    threads = [threading.Thread(target=write, args=(1000 * index,)) for index in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.incidents.list()[0].count == 80


def test_a_new_event_is_announced_after_the_commit(tmp_path):
    seen = []
    made = Store(f"sqlite:///{tmp_path}/x.db", lambda: seen.append(made.log.last_id()))
    made.migrate()
    taken(made)
    assert seen == [2]
    made.close()


def test_a_service_keeps_its_key(store):
    assert store.service_key("shop") == store.service_key("shop")
    assert store.service_key("other")[0] == 2


def test_what_the_client_only_counted_counts_too(store):
    store.incidents.take(a_report(report_id="1" * 32, suppressed=4), "f")
    assert store.incidents.take(a_report(report_id="2" * 32, suppressed=2), "f").count == 8
