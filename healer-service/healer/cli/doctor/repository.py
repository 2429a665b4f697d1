"""The doctor's look at a repository: by git as a heal uses it, and on GitHub by its API. It changes nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from git import Repo

from healer.cli.doctor.check import MISSING, OK, Check
from healer.edges.checkout import Access, Checkout
from healer.edges.checkout.commits import create
from healer.model import CheckoutError
from healer.settings import GitHubAddress, ServiceSettings, Settings

SECONDS = 60  # of a push that sends nothing
TRIED_BRANCH = "refs/heads/healer/examination"


def checks(settings: Settings, service: ServiceSettings) -> Iterator[Check]:
    if service.seed is not None and not Path(service.repository).exists():
        yield _seed(service, service.seed)
        return
    token = settings.token_of(service).get_secret_value()
    with tempfile.TemporaryDirectory() as folder:
        access = Access(token, service.ssh_key)
        checkout = _Tried(Path(folder) / "mirror.git", service.repository, service.branch, access)
        yield from _by_git(service, checkout, settings.lack_of(service))
    github = settings.github_of(service)
    if github is not None:
        yield from _on_github(settings, service, github, token)


class _Tried(Checkout):
    """With a push that only asks whether it would be taken."""

    def try_push(self) -> None:
        def work(repo: Repo) -> None:
            empty = str(repo.git.hash_object("-t", "tree", "-w", os.devnull))
            commit = create(repo, empty, "examination\n", [], "2000-01-01T00:00:00Z")
            repo.git.push("--dry-run", "origin", f"{commit}:{TRIED_BRANCH}", kill_after_timeout=SECONDS)

        self._do("cannot push", work)


def _seed(service: ServiceSettings, seed: Path) -> Check:
    if seed.is_dir():
        return Check(service.name, "repository", OK, f"the first start makes {service.repository} from {seed}")
    found = f"there is neither {service.repository} nor the folder {seed} to make it from"
    return Check(service.name, "repository", MISSING, found, "Correct repository or seed.")


def _by_git(service: ServiceSettings, checkout: _Tried, lack: str) -> Iterator[Check]:
    try:
        branch = checkout.branch
        commit = checkout.tip(branch)
    except CheckoutError as error:
        remedy = lack or "Check the address, and whether the healer may read it."
        yield Check(service.name, "repository", MISSING, str(error), remedy)
        return
    if commit is None:
        found = f"{service.repository} has no branch {branch}"
        yield Check(service.name, "repository", MISSING, found, "Correct branch, push it, or leave branch out.")
        return
    yield Check(service.name, "repository", OK, f"{service.repository}, {branch} at {commit[:10]}")
    try:
        checkout.try_push()
    except CheckoutError as error:
        remedy = lack or "Let the token, or the key, write to the repository's contents."
        yield Check(service.name, "push", MISSING, str(error), remedy)
    else:
        yield Check(service.name, "push", OK, "a branch of the healer would be taken")


def _on_github(settings: Settings, service: ServiceSettings, github: GitHubAddress, token: str) -> Iterator[Check]:
    from healer.edges.forge.github import GitHub  # noqa: PLC0415 - takes its time, and most do without

    hub = GitHub(github.api, github.repository, token, gap=0)
    for finding in hub.examine(service.branch, f"{settings.base_url}/webhooks/github"):
        name = finding.name if finding.name == "GitHub" else f"GitHub {finding.name}"
        yield Check(service.name, name, finding.state, finding.found, finding.remedy)
