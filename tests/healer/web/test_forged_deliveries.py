"""Deliveries that GitHub did not send, or not so: none is accepted. And what is signed is believed in nothing.

The real route over a real store, with a proposal that is open on the fake GitHub: its own deliveries are altered.
"""

from __future__ import annotations

import asyncio
import copy
import hashlib
import hmac
import json
import random
import string
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from healer.web.access import Access
from healer.web.application import Web, create_app

from tests.github.deliveries import Delivery, signature
from tests.healer.pipeline.desk import SECRET, Clock, Desk, Entrance, make_template

FORGED = 10_000
MALFORMED = 400
ALTERED = ("issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "push", "check_run")
EVENTS = (*ALTERED, "check_suite", "status", "ping", "installation", "")
Headers = list[tuple[str, str]]


class Delivered(Desk):
    """A desk with one proposal on GitHub, about which everything was said and done that is announced."""

    def __init__(self, folder: Any, entrance: Entrance, clock: Clock) -> None:
        self.clock = clock
        super().__init__(folder, 1, entrance, make_template(folder / "template.db"), lambda *_: True)
        self.incident_id = self.crash(0)
        for _ in range(3):
            self.turn()
        self.pull = self.repo.pull(1)
        self.repo.comment(1, by="ada", text="Thanks!")
        self.repo.review(1, by="ada", state="COMMENTED", text="Hm.", lines=[("part0.py", 1, "Here.")])
        self.repo.check(self.pull.head_sha, "build", "success")
        self.repo.status(self.pull.head_sha, "ci", "success")
        self.repo.push("other", {"x.py": "x\n"}, by="ada")
        self.hub.settle()
        for _ in range(3):
            self.look()
        self.known = [one for one in self.hub.deliveries.all if one.answers == [202]]
        web = Web(self.parts, self.dispatch, None, Access("t", {}), SECRET, str)  # type: ignore[arg-type]
        self.app = create_app(web, None)  # type: ignore[arg-type]

    def look(self) -> None:
        """Work what was delivered, and look at everything."""
        self.clock.ahead += 100
        self.turn()

    def state(self) -> object:
        """Of all that a delivery could change; that it was stored is none of it."""
        of_incident = self.store.log.of_key(self.incident_id, 1000)
        filed = self.store.proposals.of_incident(self.incident_id)
        assert filed is not None
        said = self.store.remarks.of_proposal(filed.proposal.branch)
        pulls = [(pull.state, pull.head_sha, pull.comments, pull.draft) for pull in self.repo.pulls]
        return self.store.incidents.get(self.incident_id), filed, of_incident, said, pulls, dict(self.durable.started)

    def stored(self) -> int:
        with self.store._database.reading() as transaction:
            return int(transaction.connection.exec_driver_sql("SELECT count(*) FROM deliveries").scalar() or 0)

    def post(self, requests: Sequence[tuple[Headers, bytes]]) -> list[int]:
        async def all_of_them() -> list[int]:
            return [await _posted(self.app, *request) for request in requests]

        return asyncio.run(all_of_them())

    def signed(self, event: str, body: bytes, delivery_id: str) -> tuple[Headers, bytes]:
        return [*_named(event, delivery_id), ("x-hub-signature-256", signature(SECRET, body))], body


async def _posted(app: Any, headers: Headers, body: bytes) -> int:
    """What a server would hand on, without one."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])
    status = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/webhooks/github",
        "raw_path": b"/webhooks/github",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    return int(status[0])


def _named(event: str, delivery_id: str) -> Headers:
    return [("content-type", "application/json"), ("x-github-event", event), ("x-github-delivery", delivery_id)]


@pytest.fixture(scope="module")
def entrance() -> Iterator[Entrance]:
    made = Entrance()
    yield made
    made.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory, entrance):
    """One for all of them: none of them may change anything."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock = Clock()
        clock.put_into(monkeypatch)
        made = Delivered(tmp_path_factory.mktemp("forged"), entrance, clock)
        yield made
        made.close()
        assert not made.hub.violations


Forgery = Callable[[random.Random, bytes, bytes], tuple[Headers, bytes]]
NAME = "x-hub-signature-256"


def _flipped(draw: random.Random, text: bytes) -> bytes:
    at = draw.randrange(len(text))
    return text[:at] + bytes([text[at] ^ 1 << draw.randrange(8)]) + text[at + 1 :]


def _cut(draw: random.Random, text: bytes) -> bytes:
    return text[: draw.randrange(len(text))]


def _other_digit(draw: random.Random, header: str) -> str:
    at = draw.randrange(len("sha256="), len(header))
    return header[:at] + draw.choice([digit for digit in "0123456789abcdef" if digit != header[at]]) + header[at + 1 :]


def _sha1(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()


def _again(body: bytes) -> bytes:
    """The same JSON in other bytes."""
    return json.dumps(json.loads(body), indent=1).encode()


def _wrong(draw: random.Random, body: bytes) -> str:
    return signature("".join(draw.choices(string.ascii_letters, k=draw.randint(1, 40))), body)


FORGERIES: dict[str, Forgery] = {
    "no signature": lambda draw, body, other: ([], body),
    "an empty one": lambda draw, body, other: ([(NAME, draw.choice(("", "sha256=", "=", " ")))], body),
    "without its kind": lambda draw, body, other: ([(NAME, signature(SECRET, body)[7:])], body),
    "another secret": lambda draw, body, other: ([(NAME, _wrong(draw, body))], body),
    "no secret": lambda draw, body, other: ([(NAME, signature("", body))], body),
    "of another body": lambda draw, body, other: ([(NAME, signature(SECRET, other))], body),
    "a bit in the body": lambda draw, body, other: ([(NAME, signature(SECRET, body))], _flipped(draw, body)),
    "a digit of the signature": lambda draw, body, other: ([(NAME, _other_digit(draw, signature(SECRET, body)))], body),
    "upper case": lambda draw, body, other: ([(NAME, signature(SECRET, body).upper())], body),
    "sha1 alone": lambda draw, body, other: ([("x-hub-signature", f"sha1={_sha1(body)}")], body),
    "sha1 as sha256": lambda draw, body, other: ([(NAME, f"{draw.choice(('sha1', 'sha256'))}={_sha1(body)}")], body),
    "plain sha256": lambda draw, body, other: ([(NAME, f"sha256={hashlib.sha256(body).hexdigest()}")], body),
    "a body that is cut": lambda draw, body, other: ([(NAME, signature(SECRET, body))], _cut(draw, body)),
    "a body with more": lambda draw, body, other: (
        [(NAME, signature(SECRET, body))],
        body + draw.choice((b"\n", b" ", b"{}")),
    ),
    "a cut signature": lambda draw, body, other: ([(NAME, signature(SECRET, body)[: draw.randrange(71)])], body),
    "a longer signature": lambda draw, body, other: ([(NAME, signature(SECRET, body) + draw.choice("0 \t;,"))], body),
    "written anew": lambda draw, body, other: ([(NAME, signature(SECRET, body))], _again(body)),
    "the right one second": lambda draw, body, other: (
        [(NAME, _wrong(draw, body)), (NAME, signature(SECRET, body))],
        body,
    ),
    "two in one": lambda draw, body, other: ([(NAME, f"{_wrong(draw, body)}, {signature(SECRET, body)}")], body),
    "another header": lambda draw, body, other: ([("x-hub-signature-512", signature(SECRET, body))], body),
    "not ASCII": lambda draw, body, other: ([(NAME, f"sha256={chr(draw.randrange(128, 256)) * 64}")], body),
    "as a form": lambda draw, body, other: ([(NAME, signature(SECRET, body))], b"payload=" + body),
}


def test_of_ten_thousand_forged_deliveries_none_is_accepted(desk):
    before, stored = desk.state(), desk.stored()
    draw = random.Random(6)
    requests, kinds = [], []
    for number in range(FORGED):
        kind = list(FORGERIES)[number % len(FORGERIES)]
        one, other = draw.sample(desk.known, 2)
        headers, body = FORGERIES[kind](draw, one.body, other.body if other.body != one.body else b"{}")
        delivery_id = draw.choice((one.id, f"forged-{number}"))
        requests.append(([*_named(one.event, delivery_id), *headers], body))
        kinds.append(kind)
    answers = Counter(zip(kinds, desk.post(requests), strict=True))
    assert {(kind, status): count for (kind, status), count in answers.items() if status != 401} == {}
    assert sum(answers.values()) == FORGED
    assert desk.stored() == stored
    desk.look()
    assert desk.state() == before


ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, 10**400, 1.5, float("nan"), float("inf"), "", " ", "1", "\0", "\ud800"),
    *("x" * 100_000, "refs/heads/", "../..", "acme/stock", "ACME/stock", "f" * 40, [], {}, [[]], [None], {"": 1}),
)


def _altered(draw: random.Random, value: Any, depth: int = 0) -> Any:
    """With one part replaced, taken away or wrapped."""
    if isinstance(value, dict) and value and (depth < 1 or draw.random() < 0.75):
        key = draw.choice(list(value))
        if draw.random() < 0.1:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: _altered(draw, value[key], depth + 1)}
    return draw.choice((draw.choice(ODD), [value], {"number": value}))


def test_what_is_signed_and_malformed_is_refused_or_changes_nothing(desk):
    before = desk.state()
    draw = random.Random(7)
    requests = [
        desk.signed(event, body, f"bare-{number}-{event}")
        for event in EVENTS
        for number, body in enumerate(
            (b"", b"{}", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"a":' * 900 + b"1" + b"}" * 900, b"[" * 100_000,
             b'{"a":' + b"[" * 150_000 + b"]" * 150_000 + b"}", b'{"a":' + b"9" * 5000 + b"}", b'{"a":1e999}')
        )
    ]  # fmt: skip
    for number in range(MALFORMED):
        one: Delivery = draw.choice(desk.known)
        body = json.dumps(_altered(draw, copy.deepcopy(json.loads(one.body)))).encode()
        requests.append(desk.signed(draw.choice((one.event, *EVENTS)), body, f"malformed-{number}"))
    requests += [desk.signed("pull_request", desk.known[0].body, odd) for odd in ("", " ", "x" * 65, "\xff", "'; --")]
    answers = desk.post(requests)
    assert set(answers) == {202, 400}
    while desk.store.deliveries.waiting():
        desk.look()
    assert desk.state() == before


def test_a_known_id_with_another_body_is_worked_no_second_time(desk):
    one = desk.known[0]
    stored = desk.stored()
    other = json.dumps({**json.loads(one.body), "action": "closed"}).encode()
    assert desk.post([desk.signed(one.event, other, one.id)]) == [202]
    assert desk.stored() == stored
    assert not desk.store.deliveries.waiting()


def test_a_body_beyond_the_bound_is_not_read_to_its_end(desk):
    headers, body = desk.signed("push", b"{}", "large")
    assert desk.post([([*headers, ("content-length", str(26 * 2**20))], body), (headers, b" " * (26 * 2**20))]) == [
        413,
        413,
    ]


CLAIMS: dict[str, dict[str, Any]] = {
    "merged": {"merged": True, "state": "closed", "merge_commit_sha": "c" * 40, "merged_at": "2026-11-21T12:00:00Z"},
    "closed": {"merged": False, "state": "closed"},
    "reopened": {"state": "open"},
    "synchronize": {"head": {"ref": "healer/x", "sha": "d" * 40}},
    "edited": {"base": {"ref": "attack"}, "title": "x", "body": "/heal ignore"},
    "ready_for_review": {"draft": False},
}


def test_nothing_that_a_signed_delivery_claims_is_believed(desk):
    """Whoever knows the secret can make the healer look, and nothing else."""
    before = desk.state()
    genuine = json.loads(next(one.body for one in desk.known if one.event == "pull_request"))
    commented = json.loads(next(one.body for one in desk.known if one.event == "issue_comment"))
    requests = []
    for action, claim in CLAIMS.items():
        body = {**genuine, "action": action, "pull_request": {**genuine["pull_request"], **claim}}
        requests.append(desk.signed("pull_request", json.dumps(body).encode(), f"claim-{action}"))
    for order in ("ignore", "retry", "rebase"):
        body = copy.deepcopy(commented)
        body["comment"] |= {"body": f"/heal {order}", "id": 1}
        requests.append(desk.signed("issue_comment", json.dumps(body).encode(), f"claim-{order}"))
    asked = len(desk.hub.requests)
    assert set(desk.post(requests)) == {202}
    desk.turn()
    assert len(desk.hub.requests) > asked
    assert desk.state() == before

    desk.repo.ready(1, by="ada")
    merged = desk.repo.merge(1, by="ada")
    desk.hub.settle()
    for _ in range(3):
        desk.turn()
    assert desk.releases == [merged]
    filed = desk.store.proposals.of_incident(desk.incident_id)
    assert filed is not None
    assert (filed.proposal.state, filed.proposal.merge_sha) == ("merged", merged)
