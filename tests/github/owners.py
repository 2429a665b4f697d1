"""CODEOWNERS: whom GitHub asks for a review by itself.

It reads the simple patterns that tests need.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.github.state import Pull

if TYPE_CHECKING:
    from tests.github.repository import Repository

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


def ask(repo: Repository, pull: Pull) -> None:
    """GitHub asks the code owners by itself, once, when a pull request is no draft."""
    if pull.owners_asked:
        return
    pull.owners_asked = True
    places = (repo.git.blob(pull.base_sha, place) for place in PLACES)
    text = next((found[2].decode() for found in places if found and found[0] == "blob"), "")
    if not text:
        return
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    for change in repo.git.changes(pull.base_sha, pull.head_sha):
        fitting = [owners for pattern, *owners in filter(None, lines) if _owns(pattern, change.path)]
        for owner in fitting[-1] if fitting else ():
            name = owner.removeprefix("@")
            if name in repo.teams and name not in pull.requested_teams:
                pull.requested_teams.append(name)
            elif repo.role(name) in ("write", "maintain", "admin") and name not in (pull.by, *pull.requested_users):
                pull.requested_users.append(name)
    pull.touch()


def _owns(pattern: str, path: str) -> bool:
    anchored = "/" in pattern.rstrip("/")
    folder = pattern.endswith("/")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    expression = "".join(words.get(part, re.escape(part)) for part in parts)
    # `docs/*` owns the files of that folder, not those below it.
    below = "/.+" if folder else "" if pattern.endswith("/*") else "(?:/.+)?"
    return re.fullmatch(("" if anchored else "(?:.*/)?") + expression + below, path) is not None
