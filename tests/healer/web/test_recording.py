"""What people do is an event: who, by what way, from where, to exactly which diff, and whether it worked out."""

import hashlib
from contextlib import closing

import pytest
from fastapi import Request
from healer.edges.store import Store
from healer.model import Conflict, NotFound, Proposal, State
from healer.pipeline.parts import Parts
from healer.web.recording import Recorder

from tests.healer.samples import a_report

DIFF = "--- a/x\n+++ b/x\n+é\n"


@pytest.fixture
def parts(tmp_path):
    with closing(Store(f"sqlite:///{tmp_path}/healer.db")) as store:
        store.migrate()
        yield Parts(store, {}, "", 0)


def a_request(client: tuple[str, int] | None = ("127.0.0.1", 1), **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw, "client": client})


def recorded(parts: Parts) -> list[tuple[str, dict]]:
    return [(event.type, dict(event.payload)) for event in parts.store.log.after(0) if "operator" in event.type]


def test_an_approval_names_the_commit_and_the_diff_that_was_approved(parts):
    incident = parts.store.incidents.take(a_report(), "f")
    parts.store.incidents.move(incident.id, State.PROPOSED, expected=(State.OPEN,))
    proposal = Proposal(incident.id, 7, "shop", "healer/a-1", "main", "a" * 40, "t", "b", "u")
    parts.store.proposals.put(proposal, 1, DIFF, approach="o", category="c")
    with Recorder(parts).action(a_request(authorization="Bearer x"), "operator", incident.id, "approve", "looks right"):
        assert len(recorded(parts)) == 1  # before anything is done
    assert recorded(parts) == [
        (
            "operator.approve",
            {
                "by": "operator",
                "way": "api",
                "from": "loopback",
                "reason": "looks right",
                "state": "proposed",
                "number": 7,
                "head_sha": "a" * 40,
                "diff_sha256": hashlib.sha256(DIFF.encode()).hexdigest(),
            },
        )
    ]
    assert parts.store.log.of_key(incident.id)[-1].trace_id == incident.trace_id


def test_an_action_that_fails_is_told_with_why(parts):
    incident = parts.store.incidents.take(a_report(), "f")
    with pytest.raises(Conflict), Recorder(parts).action(a_request(), "operator", incident.id, "retry"):
        raise Conflict("not now")
    assert [type for type, _ in recorded(parts)] == ["operator.retry", "operator.failed"]
    assert recorded(parts)[-1][1] == {"action": "retry", "reason": "not now"}
    with pytest.raises(ZeroDivisionError), Recorder(parts).action(a_request(), "operator", incident.id, "retry"):
        raise ZeroDivisionError
    assert recorded(parts)[-1][1] == {"action": "retry", "reason": "an error of the healer's own: ZeroDivisionError"}


def test_an_unknown_incident_leaves_no_trace(parts):
    with pytest.raises(NotFound), Recorder(parts).action(a_request(), "operator", "nope", "retry"):
        pass
    assert recorded(parts) == []


@pytest.mark.parametrize(
    ("request_", "way", "origin"),
    [
        (a_request(cookie="healer_session=x"), "page", "loopback"),
        (a_request(("::1", 1), authorization="Bearer x", user_agent="healer-cli/0.1.0"), "cli", "loopback"),
        (a_request(("10.1.2.3", 1), authorization="Bearer x", user_agent="curl/8"), "api", "remote"),
        (a_request(None, authorization="Bearer x"), "api", "loopback"),
        (a_request(("somewhere", 1), cookie="healer_session=x"), "page", "remote"),
    ],
)
def test_the_way_and_the_class_of_the_address_are_kept_and_no_more(parts, request_, way, origin):
    Recorder(parts).switch(request_, "operator", "stop", "enough")
    assert recorded(parts) == [("operator.stop", {"by": "operator", "way": way, "from": origin, "reason": "enough"})]
