"""A repository of the fake as tests hold it: its files and branches, and what people do there.

What may be done, and what follows, is in life.py, merging.py and branches.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.github import branches, life, merging, payloads, rules
from tests.github.git import Git
from tests.github.state import Check, Comment, Hook, Label, LineComment, Protection, Pull, Review, Status, Team, now

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub


class Repository:
    def __init__(
        self,
        hub: FakeGitHub,
        full_name: str,
        git: Git,
        default_branch: str,
        collaborators: Mapping[str, str],
        private: bool = True,
        methods: Sequence[str] = ("merge", "squash", "rebase"),
        drafts: bool = True,
        delete_merged: bool = False,
    ) -> None:
        self.hub = hub
        self.id = hub.next_id()
        self.full_name = full_name
        self.owner, self.name = full_name.split("/")
        self.git = git
        self.path: Path = git.path
        self.default_branch = default_branch
        self.collaborators = dict(collaborators)
        self.private = private
        self.methods = tuple(methods)
        self.drafts = drafts
        self.delete_merged = delete_merged
        self.archived = False
        self.created = self.pushed = now()
        self.known = git.heads()
        self.pulls: list[Pull] = []
        self.labels: dict[str, Label] = {}
        self.teams: dict[str, Team] = {}
        self.checks: dict[str, list[Check]] = {}
        self.statuses: dict[str, list[Status]] = {}
        self.protected: dict[str, Protection] = {}
        self.patterns: list[str] = []
        self.renamed: dict[str, str] = {}
        self.hooks: list[Hook] = []
        self.skeleton = ""  # what views keep of it between answers

    @property
    def api(self) -> str:
        return f"{self.hub.api}/repos/{self.full_name}"

    def add_label(self, name: str, color: str = "ededed", description: str | None = None) -> None:
        self.labels.setdefault(name.lower(), Label(self.hub.next_id(), name, color, description))

    def role(self, login: str) -> str:
        if login == self.owner:
            return "admin"
        return self.collaborators.get(login, "none" if self.private else "read")

    def pull(self, number: int) -> Pull:
        return self.pulls[number - 1]

    def tip(self, branch: str) -> str:
        return self.git.heads()[branch]

    def files(self, revision: str) -> dict[str, str]:
        """Path → text of the regular files of a branch or commit."""
        paths = self.git.text("ls-tree", "-r", "-z", "--name-only", revision).rstrip("\0").split("\0")
        found = ((path, self.git.blob(revision, path)) for path in paths if path)
        return {path: blob[2].decode(errors="replace") for path, blob in found if blob and blob[0] == "blob"}

    def push(
        self,
        branch: str,
        files: Mapping[str, str | bytes | None],
        *,
        by: str,
        message: str = "Change",
        force: bool = False,
    ) -> str:
        """Commit these files, with `force` in place of the branch's last commit; a new branch starts at the default."""
        with self.hub.lock:
            branches.refresh(self, by)
            heads = self.git.heads()
            parent = heads.get(branch) or heads.get(self.default_branch)
            if force and branch in heads:
                parents = self.git.commit(heads[branch]).parents
                parent = parents[0] if parents else None
            sha = self.git.commit_files(branch, parent, files, self.hub.person(by), message)
            branches.refresh(self, by)
            return sha

    def delete_branch(self, branch: str, *, by: str) -> None:
        with self.hub.lock:
            self.git.delete_ref(f"refs/heads/{branch}")
            branches.refresh(self, by)

    def open_pull(self, branch: str, *, by: str, title: str, body: str = "", draft: bool = False) -> Pull:
        """A pull request of somebody else's, into the default branch."""
        with self.hub.lock:
            return life.open_pull(self, by, title, branch, self.default_branch, body, draft, False)

    def merge(self, number: int, *, by: str, method: str = "merge") -> str:
        with self.hub.lock:
            branches.refresh(self, by)
            return merging.merge(self, self.pull(number), by, method)

    def close(self, number: int, *, by: str) -> None:
        with self.hub.lock:
            life.close(self, self.pull(number), by)

    def reopen(self, number: int, *, by: str) -> None:
        with self.hub.lock:
            life.reopen(self, self.pull(number), by)

    def ready(self, number: int, by: str) -> None:
        with self.hub.lock:
            life.make_ready(self, self.pull(number), by)

    def draft(self, number: int, by: str) -> None:
        with self.hub.lock:
            life.make_draft(self, self.pull(number), by)

    def edit(self, number: int, *, by: str, title: str | None = None, body: str | None = None) -> None:
        changed = {name: value for name, value in (("title", title), ("body", body)) if value is not None}
        with self.hub.lock:
            life.edit(self, self.pull(number), by, **changed)

    def comment(self, number: int, *, by: str, text: str) -> int:
        with self.hub.lock:
            return life.comment(self, self.pull(number), by, text).id

    def review(
        self, number: int, *, by: str, state: str, text: str = "", lines: Sequence[tuple[str, int, str]] = ()
    ) -> int:
        with self.hub.lock:
            return life.review(self, self.pull(number), by, state, text, lines).id

    def check(self, sha: str, name: str, conclusion: str | None) -> int:
        """A check run; one of the same name that still runs comes to its end, else it is another run."""
        with self.hub.lock:
            runs = self.checks.setdefault(sha, [])
            run = next((run for run in runs if run.name == name and run.conclusion is None), None)
            if run is None:
                run = Check(self.hub.next_id(), name, None, now(), None)
                runs.append(run)
            if conclusion:
                run.conclusion, run.completed = conclusion, now()
            action = "completed" if conclusion else "created"
            self._announce("check_run", lambda: payloads.check_run(self, sha, run, action))
            if all(other.conclusion for other in runs):
                self._announce("check_suite", lambda: payloads.check_suite(self, sha, runs))
            return run.id

    def status(self, sha: str, context: str, state: str) -> int:
        with self.hub.lock:
            made = Status(self.hub.next_id(), context, state, now())
            self.statuses.setdefault(sha, []).append(made)
            self._announce("status", lambda: payloads.status(self, sha, made))
            return made.id

    def team(self, slug: str, *members: str) -> None:
        """A team of the owner with write access here."""
        self.teams[f"{self.owner}/{slug}"] = Team(self.hub.next_id(), self.owner, slug, members)

    def protect(self, branch: str, reviews: int = 0, pushes: bool = True) -> None:
        """With `pushes`, pushing to it is refused: changes come through pull requests only."""
        self.protected[branch] = Protection(reviews, pushes)
        self._write_rules()

    def protect_pattern(self, pattern: str) -> None:
        """Pushes to branches of this form are refused by a rule set."""
        self.patterns.append(pattern)
        self._write_rules()

    def _write_rules(self) -> None:
        rules.write(self.path, [name for name, rule in self.protected.items() if rule.pushes], self.patterns)

    def rename_branch(self, old: str, new: str) -> None:
        """Pull requests go with it, and the old name leads to the new one in the API."""
        with self.hub.lock:
            self.git.set_ref(f"refs/heads/{new}", self.tip(old))
            self.git.delete_ref(f"refs/heads/{old}")
            self.known = self.git.heads()
            self.renamed[old] = new
            if old in self.protected:
                self.protected[new] = self.protected.pop(old)
                self._write_rules()
            if self.default_branch == old:
                self.default_branch = new
                self.git.point_head(new)
            for pull in self.pulls:
                if pull.base == old and pull.state == "open":
                    pull.base = new
                    pull.touch()

    def webhook(self, url: str, secret: str, events: Sequence[str] = ("*",), *, ping: bool = False) -> int:
        hook = Hook(self.hub.next_id(), url, secret, tuple(events))
        self.hooks.append(hook)
        if ping:
            self.hub.deliver(hook, "ping", payloads.ping(self, hook))
        return hook.id

    def announce_pull(self, pull: Pull, action: str, by: str, **more: Any) -> None:
        self._announce("pull_request", lambda: payloads.pull_request(self, pull, action, by, more))

    def announce_push(self, branch: str, before: str, after: str, forced: bool, by: str) -> None:
        self._announce("push", lambda: payloads.push(self, branch, before, after, forced, by))

    def announce_comment(self, pull: Pull, comment: Comment) -> None:
        self._announce("issue_comment", lambda: payloads.issue_comment(self, pull, comment))

    def announce_review(self, pull: Pull, review: Review, lines: Sequence[LineComment]) -> None:
        self._announce("pull_request_review", lambda: payloads.review(self, pull, review))
        for line in lines:
            self._announce("pull_request_review_comment", partial(payloads.review_comment, self, pull, line))

    def _announce(self, event: str, body: Callable[[], dict[str, Any]]) -> None:
        for hook in self.hooks:
            if hook.active and ("*" in hook.events or event in hook.events):
                self.hub.deliver(hook, event, body())
