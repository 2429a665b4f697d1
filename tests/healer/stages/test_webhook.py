import copy

import pytest
from healer.stages.webhook import closed, signed

# GitHub's own test vector, from its page on validating deliveries.
SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

MERGED = {
    "action": "closed",
    "number": 7,
    "pull_request": {
        "number": 7,
        "merged": True,
        "merge_commit_sha": "c" * 40,
        "head": {"ref": "healer/abc-1", "sha": "a" * 40},
        "base": {"ref": "main"},
    },
    "repository": {"full_name": "local/shop"},
    "sender": {"login": "ada"},
}


def test_githubs_own_vector():
    assert signed(BODY, SIGNATURE, SECRET)


@pytest.mark.parametrize(
    ("body", "header", "secret"),
    [
        (BODY + b" ", SIGNATURE, SECRET),
        (BODY, SIGNATURE[:-1] + "8", SECRET),
        (BODY, SIGNATURE.removeprefix("sha256="), SECRET),
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


def test_a_merge_is_read():
    found = closed("pull_request", MERGED)
    assert found is not None
    assert (found.merged, found.merge_sha, found.number, found.by) == (True, "c" * 40, 7, "ada")


def test_closed_unmerged_is_no_merge_though_it_names_a_commit():
    payload = copy.deepcopy(MERGED)
    payload["pull_request"]["merged"] = False
    found = closed("pull_request", payload)
    assert found is not None
    assert found.merge_sha is None


def test_merged_must_be_true_itself():
    payload = copy.deepcopy(MERGED)
    payload["pull_request"]["merged"] = "yes"
    found = closed("pull_request", payload)
    assert found is not None
    assert not found.merged


@pytest.mark.parametrize("event", ["push", "pull_request_review", ""])
def test_other_events_are_none(event):
    assert closed(event, MERGED) is None


@pytest.mark.parametrize("missing", ["pull_request", "repository", "action"])
def test_incomplete_payloads_are_none(missing):
    assert closed("pull_request", {key: value for key, value in MERGED.items() if key != missing}) is None
