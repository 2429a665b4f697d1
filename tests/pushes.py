"""A person who pushes to the repository of the demo's shop, and the healer is told as by GitHub. Judges nothing."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import subprocess
import tarfile
import uuid
from collections.abc import Mapping
from pathlib import Path

import httpx
from healer.cli.stack import Stack

BRANCH = "main"


class Clone:
    """The person's; `folder` is its working tree."""

    def __init__(self, running: Stack, folder: Path) -> None:
        self._running = running
        self._repository = running.home / "shop.git"
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", str(self._repository), str(folder)], check=True)
        self._git("config", "user.name", "A Person")
        self._git("config", "user.email", "person@example.com")

    def pull(self) -> str:
        """Have what others pushed; the tip."""
        self._git("fetch", "--quiet", "origin", BRANCH)
        self._git("reset", "--quiet", "--hard", f"origin/{BRANCH}")
        return self._git("rev-parse", "HEAD")

    def read(self, path: str) -> str:
        return (self.folder / path).read_text()

    def push(self, files: Mapping[str, str], message: str) -> str:
        """A commit with these contents on the branch's tip, pushed and announced; its id."""
        self.pull()
        for path, text in files.items():
            (self.folder / path).write_text(text)
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)
        self._git("push", "--quiet", "origin", f"HEAD:{BRANCH}")
        self._announce()
        return self._git("rev-parse", "HEAD")

    def tree(self, commit: str) -> dict[str, bytes]:
        """The files of a commit."""
        packed = subprocess.run(["git", "-C", self._repository, "archive", commit], check=True, capture_output=True)
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            opened = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
            return {name: file.read() for name, file in opened.items() if file is not None}

    def _announce(self) -> None:
        body = json.dumps({"ref": f"refs/heads/{BRANCH}", "repository": {"full_name": "local/shop"}}).encode()
        secret = self._running.settings.webhook_secret.get_secret_value().encode()
        headers = {
            "x-github-event": "push",
            "x-github-delivery": str(uuid.uuid4()),
            "x-hub-signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
        }
        url = f"{self._running.healer_url}/webhooks/github"
        httpx.post(url, content=body, headers=headers, timeout=20, trust_env=False).raise_for_status()

    def _git(self, *words: str) -> str:
        done = subprocess.run(["git", "-C", str(self.folder), *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()


def release_pushes(running: Stack) -> None:
    """Have the healer, when it is started next, release what is pushed to the branch."""
    config = running.home / "healer.toml"
    config.write_text(config.read_text().replace("[services.shop]\n", "[services.shop]\nrelease_pushes = true\n", 1))
