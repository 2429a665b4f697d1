"""Branches of a repository that others work on too: renamed, rewritten, cut short, added to."""

import pytest
from healer.edges.checkout import Checkout
from healer.model import CheckoutError

from tests.healer.edges.git_server import Origin, git

WHEN = "2026-01-02T03:04:05Z"


@pytest.fixture
def origin(tmp_path):
    made = Origin(tmp_path / "origin.git")
    made.commit("main", {"app.py": "x = 1\n"})
    return made


@pytest.fixture
def checkout(tmp_path, origin):
    return Checkout(tmp_path / "m.git", str(origin.path), "main")


def fix(checkout, base: str, text: str) -> str:
    return checkout.commit(base, {"app.py": text}, "Fix\n", WHEN)


def test_a_default_branch_is_followed_when_it_is_renamed(tmp_path, origin):
    made = Checkout(tmp_path / "d.git", str(origin.path), None)
    assert made.branch == "main"
    assert made.fetch() == origin.tip("main")
    origin.git("branch", "-m", "main", "main/trunk")
    tip = origin.commit("main/trunk", {"app.py": "x = 2\n"})
    assert made.fetch() == tip
    assert made.branch == "main/trunk"
    origin.commit("other", {"app.py": "x = 3\n"}, onto=tip)
    origin.git("symbolic-ref", "HEAD", "refs/heads/other")
    assert made.fetch() == origin.tip("other")
    head = fix(made, made.fetch(), "x = 4\n")
    assert made.merge(head, "Merge\n", WHEN) == origin.tip("other")


def test_what_is_proposed_is_fetched_with_a_default_branch_that_stands_still(tmp_path, origin):
    made = Checkout(tmp_path / "d.git", str(origin.path), None)
    base = made.fetch()
    amended = origin.commit("healer/a-1", {"app.py": "x = 2\n"}, onto=base)
    assert made.fetch() == base
    assert made.is_ancestor(base, amended)


def test_a_set_branch_that_is_gone_is_named_with_the_default_branch(checkout, origin):
    checkout.fetch()
    origin.git("branch", "-m", "main", "trunk")
    with pytest.raises(CheckoutError, match=r"no branch main; the default branch there is trunk"):
        checkout.fetch()
    assert checkout.branch == "main"


def test_an_empty_repository_has_no_default_branch(tmp_path):
    made = Checkout(tmp_path / "m.git", str(Origin(tmp_path / "empty.git").path), None)
    for ask in (made.fetch, lambda: made.branch):
        with pytest.raises(CheckoutError, match="no default branch; is it empty"):
            ask()


def test_a_seed_without_a_branch_makes_main(tmp_path):
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "app.py").write_text("x = 1\n")
    made = Checkout(tmp_path / "m.git", str(tmp_path / "o.git"), None)
    assert made.branch == "main"
    made.seed(tmp_path / "seed")
    assert made.sources(made.fetch()) == {"app.py": "x = 1\n"}
    assert made.branch == "main"


def test_only_the_branch_and_what_is_proposed_are_fetched(tmp_path, checkout, origin):
    base = checkout.fetch()
    mine = origin.commit("healer/a-1", {"app.py": "x = 2\n"}, onto=base)
    theirs = origin.commit("feature", {"app.py": "x = 3\n"}, onto=base)
    checkout.fetch()
    assert checkout.text(mine, "app.py") == "x = 2\n"
    with pytest.raises(CheckoutError, match=f"has no {theirs}"):
        checkout.text(theirs, "app.py")
    assert checkout.bring("feature") == theirs
    assert checkout.text(theirs, "app.py") == "x = 3\n"
    origin.git("branch", "-D", "healer/a-1")
    checkout.fetch()
    assert "healer/a-1" not in git(tmp_path / "m.git", "for-each-ref")
    with pytest.raises(CheckoutError, match="there is no branch healer/a-1"):
        checkout.bring("healer/a-1")


def test_a_rewritten_branch_is_fetched(checkout, origin):
    first = checkout.fetch()
    new = origin.commit("main", {"app.py": "y = 1\n"}, onto="")
    assert checkout.fetch() == new
    assert not checkout.is_ancestor(first, new)
    assert checkout.fork(first, new) is None


def test_of_a_long_history_only_the_end_is_fetched(tmp_path, origin):
    for number in range(2, 5):
        origin.commit("main", {"app.py": f"x = {number}\n", f"f{number}.txt": "a\n"}, message=f"Set {number}")
    made = Checkout(tmp_path / "s.git", str(origin.path), None, depth=2)
    assert made.branch == "main"
    (tmp_path / "s.git" / "shallow.lock").touch()  # the healer was killed while it fetched
    base = made.fetch()
    assert made.subjects(base) == ("Set 4", "Set 3")
    assert made.blame(base, "app.py", 1).summary == "Set 4"
    with pytest.raises(CheckoutError, match="cut off"):
        made.blame(base, "f3.txt", 1)
    head = fix(made, base, "x = 0\n")
    made.push(head, "healer/a-1")
    origin.commit("main", {"other.py": "\n"}, message="Set 5")
    assert made.subjects(made.fetch()) == ("Set 5", "Set 4", "Set 3")
    merged = made.merge(head, "Merge\n", WHEN)
    assert made.merged_as(head) == merged == origin.tip("main")


def test_a_shallow_repository_is_worked_on_like_another(tmp_path, origin):
    for number in (2, 3):
        origin.commit("main", {"app.py": f"x = {number}\n"})
    git(tmp_path, "clone", "-q", "--bare", "--depth", "2", origin.path.as_uri(), "shallow.git")
    made = Checkout(tmp_path / "m.git", str(tmp_path / "shallow.git"), "main")
    base = made.fetch()
    assert len(made.subjects(base)) == 2
    head = fix(made, base, "x = 0\n")
    made.push(head, "healer/a-1")
    assert made.merge(head, "Merge\n", WHEN) == git(tmp_path / "shallow.git", "rev-parse", "main")


def test_a_folder_with_a_shallow_history_is_a_seed(tmp_path, origin):
    origin.commit("main", {"app.py": "x = 2\n"}, message="Set 2")
    git(tmp_path, "clone", "-q", "--depth", "1", origin.path.as_uri(), "work")
    made = Checkout(tmp_path / "m.git", str(tmp_path / "o.git"), "main")
    made.seed(tmp_path / "work")
    assert made.subjects(made.fetch()) == ("Set 2",)


def test_a_branch_is_replaced_only_as_it_was_left(checkout, origin):
    base = checkout.fetch()
    one, two, three = (fix(checkout, base, f"x = {number}\n") for number in (2, 3, 4))
    assert checkout.tip("healer/a-1") is None
    checkout.push(one, "healer/a-1")
    checkout.push(one, "healer/a-1", "f" * 40)
    with pytest.raises(CheckoutError, match=r"cannot push healer/a-1 to .*: others have added to it"):
        checkout.push(two, "healer/a-1")
    checkout.push(two, "healer/a-1", one)
    assert checkout.tip("healer/a-1") == origin.tip("healer/a-1") == two
    theirs = origin.commit("healer/a-1", {"notes.txt": "mine\n"})
    with pytest.raises(CheckoutError, match="others have added to it"):
        checkout.push(three, "healer/a-1", two)
    with pytest.raises(CheckoutError, match="others have added to it"):
        checkout.delete_branch("healer/a-1", two)
    assert checkout.tip("healer/a-1") == theirs
    checkout.delete_branch("healer/a-1", theirs)
    checkout.delete_branch("healer/a-1", theirs)
    assert checkout.tip("healer/a-1") is None


def test_who_comes_between_the_look_and_the_push_is_not_overwritten(monkeypatch, checkout, origin):
    base = checkout.fetch()
    one, two = (fix(checkout, base, f"x = {number}\n") for number in (2, 3))
    checkout.push(one, "healer/a-1")
    theirs = origin.commit("healer/a-1", {"notes.txt": "mine\n"})
    seen = iter([one])  # as it was a moment ago
    monkeypatch.setattr("healer.edges.checkout.remote.tip", lambda *_: next(seen, theirs))
    with pytest.raises(CheckoutError, match="others have added to it"):
        checkout.push(two, "healer/a-1", one)
    assert origin.tip("healer/a-1") == theirs


def test_a_push_that_rules_refuse_says_why(checkout, origin):
    hook = origin.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'error: GH013: Repository rule violations found' >&2\nexit 1\n")
    hook.chmod(0o755)
    base = checkout.fetch()
    with pytest.raises(CheckoutError, match=r"GH013: Repository rule violations found.*pre-receive hook declined"):
        checkout.push(base, "healer/a-1")
    assert checkout.tip("healer/a-1") is None
