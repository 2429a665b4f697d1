"""A real healer process whose service lives on the fake GitHub: real git, real HTTP, real webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.github import FakeGitHub
from tests.healer.site import SERVICE, TESTS, Site

SECRET = "a secret that both sides know"
PEOPLE = {"ada": "write", "bob": "read", "owen": "write"}


class GitHubSite(Site):
    """`hooked`: GitHub reaches the healer. `files` are added to the service's own."""

    def __init__(
        self, folder: Path, *, hooked: bool = True, files: Mapping[str, str] | None = None, **settings: str
    ) -> None:
        (folder / "hub").mkdir()
        self.hub = FakeGitHub(folder / "hub")
        self.hub.__enter__()
        for person in PEOPLE:
            self.hub.user(person)
        self.token = self.hub.token(
            contents="write", pull_requests="write", metadata="read", checks="read", statuses="read"
        )
        whole = {"app.py": SERVICE, "tests/test_app.py": TESTS, **(files or {})}
        self.repo = self.hub.repository("acme/stock", files=whole, collaborators=PEOPLE)
        secret_file = folder / "token"
        secret_file.touch(mode=0o600)
        secret_file.write_text(f"{self.token}\n")
        super().__init__(folder, HEALER_WEBHOOK_SECRET=SECRET, **settings)
        if hooked:
            self.repo.webhook(f"http://127.0.0.1:{self.port}/webhooks/github", SECRET)

    @property
    def repository(self) -> Path:
        return Path(self.repo.path)

    def repository_lines(self) -> str:
        return f'repository = "{self.hub.url}/acme/stock.git"\ntoken_file = "token"\n'

    def close(self) -> None:
        super().close()
        self.hub.__exit__(None, None, None)

    def pull(self, number: int = 1) -> Any:
        return self.repo.pull(number)

    def said(self, words: str, number: int = 1) -> bool:
        """Whether the healer said this on the pull request."""
        return any(by == self.hub.bot and words in text for by, text in self.pull(number).comments)
