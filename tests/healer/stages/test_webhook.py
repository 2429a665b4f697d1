import pytest
from healer.stages.webhook import Hint, checking, hint
from hypothesis import given
from hypothesis import strategies as st

# GitHub's own test vector, from its page on validating deliveries.
SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def signed(body, header, secret):
    check = checking(header, secret)
    if check is None:
        return False
    for piece in (body[:5], b"", body[5:]):
        check.feed(piece)
    return check.fits()


def test_githubs_own_vector():
    assert signed(BODY, SIGNATURE, SECRET)


@pytest.mark.parametrize(
    ("body", "header", "secret"),
    [
        (BODY + b" ", SIGNATURE, SECRET),
        (BODY, SIGNATURE[:-1] + "8", SECRET),
        (BODY, SIGNATURE.removeprefix("sha256="), SECRET),
        (BODY, SIGNATURE.upper().replace("SHA", "sha"), SECRET),
        (BODY, SIGNATURE + "\n", SECRET),
        (BODY, SIGNATURE, "another"),
        (BODY, SIGNATURE, ""),
        (BODY, None, SECRET),
        (BODY, "sha256=", SECRET),
        (BODY, "sha256=\udcff", SECRET),
        (BODY, SIGNATURE.replace("sha256", "sha1"), SECRET),
    ],
)
def test_anything_else_is_refused(body, header, secret):
    assert not signed(body, header, secret)


HUGE = pytest.param(10**4400, id="huge")
HEAD, REPOSITORY, SENDER = "a" * 40, {"id": 5, "full_name": "Acme/Stock"}, {"login": "ada"}
ABOUT = {"repository": REPOSITORY, "sender": SENDER}
REQUEST = {"number": 7, "merged": True, "head": {"ref": "healer/abc-1", "sha": HEAD}, "base": {"ref": "main"}}


def a_hint(number=None, head_sha=None, branch=None):
    return Hint("acme/stock", 5, number, head_sha, branch, "ada")


DELIVERIES = [
    ("pull_request", {"action": "closed", "pull_request": REQUEST}, a_hint(7, HEAD, "healer/abc-1")),
    ("pull_request_review", {"pull_request": REQUEST, "review": {}}, a_hint(7, HEAD, "healer/abc-1")),
    ("pull_request_review_comment", {"pull_request": REQUEST}, a_hint(7, HEAD, "healer/abc-1")),
    ("issue_comment", {"issue": {"number": 7, "pull_request": {"url": "x"}}}, a_hint(7)),
    ("issue_comment", {"issue": {"number": 7}}, None),
    ("push", {"ref": "refs/heads/healer/abc-1", "after": HEAD}, a_hint(branch="healer/abc-1")),
    ("push", {"ref": "refs/tags/v1", "after": HEAD}, None),
    ("check_run", {"check_run": {"head_sha": HEAD, "check_suite": {"head_branch": "b"}}}, a_hint(None, HEAD, "b")),
    ("check_suite", {"check_suite": {"head_sha": HEAD, "head_branch": None}}, a_hint(None, HEAD)),
    ("status", {"sha": HEAD, "state": "success"}, a_hint(None, HEAD)),
    ("ping", {"zen": "x"}, None),
    ("issues", {"issue": {"number": 7}}, None),
]


@pytest.mark.parametrize(("event", "payload", "wanted"), DELIVERIES)
def test_where_a_delivery_says_to_look(event, payload, wanted):
    assert hint(event, payload | ABOUT) == wanted


@pytest.mark.parametrize("name", [None, 5, "", "stock", "a/b/c", "acme/st ock", "acme/stock\n", "a/" + "b" * 200])
def test_without_a_repository_there_is_nothing_to_look_at(name):
    assert hint("pull_request", {"pull_request": REQUEST, "repository": {"full_name": name}}) is None


@pytest.mark.parametrize("number", [HUGE, 2**63, 0, -7, True, 7.0, "7", None, [7]])
def test_a_number_that_is_none_is_left_out(number):
    found = hint(
        "pull_request", {"pull_request": REQUEST | {"number": number}, "repository": {"full_name": "a/b", "id": number}}
    )
    assert found == Hint("a/b", None, None, HEAD, "healer/abc-1")


@pytest.mark.parametrize("sha", ["A" * 40, "a" * 39, HEAD + "\n", "refs/heads/x", HUGE, None])
def test_a_commit_that_is_none_is_left_out(sha):
    assert hint("status", {"sha": sha} | ABOUT) is None


@pytest.mark.parametrize("name", ["", "a b", "a\x00b", "a\ud800", "a\nb", "b" * 245, HUGE, None])
def test_a_branch_that_is_none_is_left_out(name):
    assert hint("push", {"ref": f"refs/heads/{name}" if isinstance(name, str) else name} | ABOUT) is None


@pytest.mark.parametrize("login", ["octo-cat", "dependabot[bot]", "ada_acme"])
def test_who_did_it(login):
    found = hint("status", {"sha": HEAD, "repository": REPOSITORY, "sender": {"login": login}})
    assert found is not None
    assert found.by == login


@pytest.mark.parametrize("sender", [None, "ada", {}, {"login": "<b>"}, {"login": 5}, {"login": "a" * 61}])
def test_an_odd_sender_is_nobody(sender):
    found = hint("status", {"sha": HEAD, "repository": REPOSITORY, "sender": sender})
    assert found is not None
    assert found.by == ""


KEYS = [
    "repository",
    "sender",
    "pull_request",
    "issue",
    "check_run",
    "check_suite",
    "head",
    "number",
    "sha",
    "ref",
    "id",
]
NAMES = [*KEYS, "full_name", "head_sha", "head_branch", "login", "x"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([HEAD, "a/b"])
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(NAMES), v, max_size=6)
)
EVENTS = sorted({event for event, _, _ in DELIVERIES})


@given(
    st.sampled_from(EVENTS),
    VALUES | st.fixed_dictionaries({"repository": st.just(REPOSITORY)} | dict.fromkeys(KEYS[2:6], VALUES)),
)
def test_no_payload_raises(event, payload):
    found = hint(event, payload)
    assert found is None or (found.number or found.head_sha or found.branch)
