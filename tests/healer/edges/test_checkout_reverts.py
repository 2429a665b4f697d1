"""What a release brought, taken back: exactly that, whatever it was and whatever people did since."""

import pytest
from healer.edges.checkout import Checkout
from healer.model import CheckoutError

from tests.healer.edges.git_server import Origin

WHEN = "2026-01-02T03:04:05Z"
LINES = "".join(f"line {number}\n" for number in range(1, 9))
OURS = "Healer-Incident: abc"


@pytest.fixture
def origin(tmp_path):
    made = Origin(tmp_path / "origin.git")
    made.commit("main", {"app.py": LINES, "run.sh": "true\n", "old.txt": "old\n"})
    return made


@pytest.fixture
def checkout(tmp_path, origin):
    made = Checkout(tmp_path / "m.git", str(origin.path), "main")
    made.fetch()
    return made


def entries(checkout: Checkout, origin: Origin, commit: str) -> set[str]:
    checkout.push(commit, f"healer/{commit}")
    return set(origin.git("ls-tree", "-r", commit).splitlines())


def test_all_of_a_range_is_taken_back_and_what_came_later_stays(checkout, origin):
    first = checkout.fetch()
    before = entries(checkout, origin, first)
    origin.commit("main", {"app.py": LINES.replace("line 2", "line two"), "new.py": "z = 1\n"})
    last = origin.commit(
        "main",
        {"old.txt": None, "run.sh": ("100755", "true\n"), "link": ("120000", "app.py"), "picture.png": b"\0\xff"},
    )
    tip = checkout.fetch()
    assert tip == last
    head = checkout.revert(tip, first, last, "Take back\n", WHEN)
    assert entries(checkout, origin, head) == before
    assert checkout.revert(tip, first, last, "Take back\n", WHEN) == head

    both = LINES.replace("line 2", "line two").replace("line 7", "line seven")
    tip = origin.commit("main", {"app.py": both, "later.py": "w = 1\n"})
    checkout.fetch()
    head = checkout.revert(tip, first, last, "Take back\n", WHEN)
    assert checkout.sources(head) == {"app.py": LINES.replace("line 7", "line seven"), "later.py": "w = 1\n"}


def test_a_conflict_is_none_and_where_nothing_is_left_it_is_the_tip(checkout, origin):
    first = checkout.fetch()
    last = origin.commit("main", {"app.py": LINES.replace("line 2", "line two")})
    again = origin.commit("main", {"app.py": LINES.replace("line 2", "line 2b")})
    checkout.fetch()
    assert checkout.revert(again, first, last, "Take back\n", WHEN) is None
    by_hand = origin.commit("main", {"app.py": LINES})
    checkout.fetch()
    assert checkout.revert(by_hand, first, last, "Take back\n", WHEN) == by_hand
    with pytest.raises(CheckoutError, match="cannot take 1111111111 back: "):
        checkout.revert(by_hand, first, "1" * 40, "Take back\n", WHEN)


def test_whether_a_merge_would_change_anything_is_known_before(checkout, origin):
    first = checkout.fetch()
    last = origin.commit("main", {"app.py": LINES.replace("line 2", "line two")})
    checkout.fetch()
    head = checkout.revert(last, first, last, "Take back\n", WHEN)
    other = origin.commit("main", {"new.py": "z = 1\n"})
    by_hand = origin.commit("main", {"app.py": LINES})
    checkout.fetch()
    assert [checkout.changes_nothing(head, tip) for tip in (last, other, by_hand)] == [False, False, True]


def test_what_a_merge_brought_is_found_however_it_was_merged(checkout, origin):
    start = checkout.fetch()
    ours, amended = {"app.py": "fixed\n"}, {"new.py": "amended\n"}
    rebased = origin.commit("main", ours, message=f"Fix\n\nOrigin: x\n{OURS}\n")
    tip = origin.commit("main", amended, message="Add a file")
    checkout.fetch()
    assert checkout.before(rebased, OURS) == start
    assert checkout.before(tip, OURS, start) == start
    assert checkout.before(tip, OURS, rebased) == rebased, "what was released before is not looked at"
    assert checkout.before(tip, "Healer-Incident: other") == rebased, "a squash whose message a person wrote"

    branch = checkout.commit(start, ours, f"Fix\n\n{OURS}\n", WHEN)
    merged = checkout.merge(branch, "Merge\n", WHEN)
    assert checkout.before(merged, OURS) == tip
    assert checkout.before(start, OURS) is None


def test_the_commits_of_a_range_are_told_without_merges_and_addresses(checkout, origin):
    start = checkout.fetch()
    one = origin.commit("main", {"new.py": "z = 1\n"}, by="Ann ann@example.org", message="Tell ann@example.org\n\nMore")
    checkout.fetch()
    fix = checkout.commit(start, {"app.py": "fixed\n"}, "Fix\n", WHEN)
    merged = checkout.merge(fix, "Merge\n", WHEN)
    told = checkout.between(start, merged)
    assert {(found.commit, found.author, found.summary) for found in told} == {
        (one, "Ann", "Tell"),
        (fix, "healer", "Fix"),
    }
    assert {found.date for found in told} == {"2026-01-02T03:04:05Z"}
    assert checkout.between(merged, start) == ()
