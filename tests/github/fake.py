"""The fake GitHub as tests hold it: a server on loopback, its people, tokens and repositories.

It asserts at the end that nothing undeclared was asked of it or said by it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.github.deliveries import Deliveries
from tests.github.faults import Fate, Faults
from tests.github.git import Git, Person
from tests.github.limits import Limits
from tests.github.repository import Repository
from tests.github.server import REST, Server
from tests.github.state import Hook, Token, User, now

GENERAL = "octocat"  # who makes the first commit where there is no collaborator


class FakeGitHub:
    """`strict`: leaving the block asserts that there were no violations."""

    def __init__(self, folder: Path, seed: int = 0, strict: bool = True) -> None:
        self.folder = folder
        self.strict = strict
        self.started = now()
        self.lock = threading.RLock()
        self.faults = Faults()
        self.fate = Fate(seed)
        self.limits = Limits()
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str, int]] = []
        self.violations: list[str] = []
        self.deliveries = Deliveries(self.fate, lambda: self.faults, self.violations)
        self._last_id = 1000
        self.bot = self.user("healer-bot")
        self.user("web-flow", email="noreply@github.com")
        self.user("github-actions[bot]", kind="Bot")
        self._server = Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.api = self.url + REST
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="fake GitHub", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.deliveries.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self.strict and error is None:
            assert not self.violations, "\n".join(self.violations)

    def next_id(self) -> int:
        with self.lock:
            self._last_id += 1
            return self._last_id

    def user(self, login: str, *, email: str = "", kind: str = "User") -> str:
        """Somebody, made where there is no such login yet; their commits are known by their address."""
        if login not in self.users:
            address = email or f"{login}@users.noreply.github.com"
            self.users[login] = User(self.next_id(), login, kind, login.capitalize(), address)
        return login

    def person(self, login: str) -> Person:
        user = self.users[self.user(login)]
        return Person(user.name, user.email)

    def login_of(self, email: str) -> str | None:
        return next((user.login for user in self.users.values() if user.email == email), None)

    def token(
        self,
        *,
        of: str = "",
        repositories: tuple[str, ...] | None = None,
        expires: datetime | None = None,
        **permissions: str,
    ) -> str:
        """A fine-grained token of the bot, or of somebody; what is not named is not permitted."""
        number = self.next_id()
        digest = hashlib.sha256(f"{self._server.server_port}:{number}".encode()).hexdigest()
        text = f"github_pat_{digest[:22]}_{(digest * 2)[:59]}"
        self.tokens[text] = Token(of or self.bot, {"metadata": "read", **permissions}, repositories, expires)
        return text

    def revoke(self, token: str) -> None:
        del self.tokens[token]

    def repository(
        self,
        full_name: str,
        files: Mapping[str, str | bytes] | None = None,
        default_branch: str = "main",
        collaborators: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Repository:
        """A private one with one commit; the bot may write unless it is named among the collaborators.

        `settings`: private, methods, drafts, delete_merged, as Repository has them.
        """
        owner = full_name.partition("/")[0]
        self.user(owner, kind="Organization")
        people = {self.bot: "write", **(collaborators or {})}
        for login in people:
            self.user(login)
        author = self.person(next((login for login in people if login != self.bot), GENERAL))
        git = Git(self.folder / f"{full_name}.git", default_branch)
        git.commit_files(default_branch, None, files or {"README.md": "# Hello\n"}, author, "Begin\n")
        made = Repository(self, full_name, git, default_branch, people, **settings)
        self.repositories[full_name.lower()] = made
        return made

    def exhaust(self, token: str, seconds: float) -> None:
        """Use up the token's hour, which ends after so many seconds."""
        self.limits.exhaust(self.tokens[token], seconds)

    def throttle(self, token: str, seconds: float) -> None:
        """Lay a secondary limit on the token."""
        self.limits.throttle(self.tokens[token], seconds)

    def deliver(self, hook: Hook, event: str, body: dict[str, Any]) -> None:
        self.deliveries.add(hook, event, body)

    def redeliver(self, delivery_id: str) -> None:
        """Send it again, with the same id, as a person does with GitHub's button."""
        self.deliveries.again(delivery_id)

    def settle(self) -> None:
        """Wait until the deliveries that are under way have been answered."""
        self.deliveries.settle()
