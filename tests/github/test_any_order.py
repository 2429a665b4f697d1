"""Deeds in any order, under faults: the fake keeps GitHub's rules, and what it says is declared."""

import random

import httpx
import pytest

from tests.github import FakeGitHub, Faults, Refused
from tests.github.client import RIGHTS, client_of

PULLS = "/repos/acme/stock/pulls"
KINDS = ("5xx", "reset-after", "reset-before", "422", "secondary", "primary", "lost", "duplicate", "reordered")


@pytest.mark.parametrize("seed", range(5))
def test_any_order(tmp_path, seed):
    chance = random.Random(seed)
    with FakeGitHub(tmp_path, seed) as hub, client_of(hub, hub.token(**RIGHTS)) as client:
        files = {"app.py": "count = 1\n", "CODEOWNERS": "* @ada @acme/core\n"}
        repo = hub.repository("acme/stock", files, collaborators={"ada": "write", "bob": "read"})
        repo.team("core", "ada")
        repo.webhook("http://127.0.0.1:9/none", "secret")
        hub.faults = Faults(0.2, KINDS, wait=0)
        deeds = deeds_of(repo, client, chance)
        for _ in range(40):
            try:
                chance.choice(deeds)(chance.randint(1, len(repo.pulls) or 1))
            except (Refused, httpx.TransportError, IndexError, KeyError):
                continue  # GitHub said no, the network did, or there is no such pull request or branch
        hub.settle()
        opened = [(pull.head, pull.base) for pull in repo.pulls if pull.state == "open"]
        assert len(opened) == len(set(opened))
        assert all(pull.state == "closed" and pull.merged_by for pull in repo.pulls if pull.merged)


def deeds_of(repo, client, chance):
    def a_branch():
        return chance.choice(("fix", "other"))

    def push(_):
        branch, forced = chance.choice(("main", "fix", "other")), chance.random() < 0.3
        repo.push(branch, {"app.py": f"count = {chance.random()}\n"}, by="ada", force=forced)

    def state(n):
        client.patch(f"{PULLS}/{n}", json={"state": chance.choice(("open", "closed"))})

    def merge(n):
        client.put(f"{PULLS}/{n}/merge", json={"merge_method": chance.choice(("merge", "squash", "rebase"))})

    def review(n):
        verdict = chance.choice(("APPROVED", "CHANGES_REQUESTED", "COMMENTED"))
        repo.review(n, by="ada", state=verdict, text="Well.", lines=[("app.py", 1, "Why?")])

    return [
        push,
        push,
        state,
        merge,
        review,
        lambda n: client.post(PULLS, json={"title": "x", "head": a_branch(), "base": "main", "draft": n % 2 == 0}),
        lambda n: client.get(f"{PULLS}/{n}"),
        lambda n: client.get(f"{PULLS}/{n}/files"),
        lambda n: client.get(PULLS, params={"state": "all"}),
        lambda n: client.put(f"{PULLS}/{n}/update-branch", json={}),
        lambda n: client.post(f"{PULLS}/{n}/requested_reviewers", json={"reviewers": ["bob"]}),
        lambda n: client.get("/repos/acme/stock/compare/main...fix"),
        lambda n: repo.ready(n, "ada"),
        lambda n: repo.draft(n, "ada"),
        lambda n: repo.comment(n, by="bob", text="Well."),
        lambda n: repo.merge(n, by="ada"),
        lambda n: repo.delete_branch(a_branch(), by="ada"),
        lambda n: repo.check(repo.tip("main"), "build", chance.choice((None, "success", "failure"))),
    ]
