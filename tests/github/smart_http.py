"""Git over HTTP: git's own `http-backend`, behind GitHub's authentication.

Pushes show on the pull requests at once.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from typing import TYPE_CHECKING

from tests.github import branches, door
from tests.github.door import Heard
from tests.github.git import ENVIRONMENT
from tests.github.routing import Answer
from tests.github.state import Token

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub
    from tests.github.repository import Repository

SERVICES = r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)"


DUMB = r"/[^/]+/[^/]+\.git/.+"  # what git asks for next where it takes the first answer for that of a plain web server


def fits(path: str) -> bool:
    return re.fullmatch(SERVICES, path) is not None or re.fullmatch(DUMB, path) is not None


def _refused(status: int, text: str) -> Answer:
    asks = {"www-authenticate": 'Basic realm="GitHub"'} if status == 401 else {}
    return Answer(status, text.encode(), {"content-type": "text/plain; charset=utf-8", **asks})


def answered(hub: FakeGitHub, heard: Heard) -> Answer:
    match = re.fullmatch(SERVICES, heard.path)
    if match is None:
        return _refused(404, "Not Found")  # GitHub speaks the smart protocol only
    full_name = f"{match['owner']}/{match['name']}"
    repo = hub.repositories.get(full_name.lower())
    writes = "git-receive-pack" in heard.path + heard.query
    given = _password(heard.headers.get("authorization", ""))
    token = door.authenticated(hub, given)
    if token is None and (given is not None or writes or repo is None or repo.private):
        return _refused(401, "Invalid username or token." if given else "No anonymous write access.")
    if repo is None or (token and not _may_read(repo, token)):
        return _refused(404, "Repository not found.")
    if writes and token and not _may_write(repo, token):
        return _refused(403, f"Permission to {full_name}.git denied to {token.login}.")
    answer = _backend(hub, f"/{repo.full_name}.git/{match['rest']}", heard)
    if token and writes and heard.method == "POST":
        with hub.lock:
            branches.refresh(repo, token.login)
    return answer


def _may_read(repo: Repository, token: Token) -> bool:
    chosen = token.repositories is None or repo.full_name in token.repositories
    return not repo.private or (chosen and repo.role(token.login) != "none" and token.permits("contents", "read"))


def _may_write(repo: Repository, token: Token) -> bool:
    chosen = token.repositories is None or repo.full_name in token.repositories
    trusted = repo.role(token.login) in ("write", "maintain", "admin")
    return chosen and trusted and token.permits("contents", "write") and not repo.archived


def _password(authorization: str) -> str | None:
    kind, _, value = authorization.partition(" ")
    if kind.lower() in ("bearer", "token"):
        return value
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _backend(hub: FakeGitHub, path: str, heard: Heard) -> Answer:
    environment = {
        **ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(hub.folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": heard.headers.get("git-protocol", ""),
        "PATH_INFO": path,
        "QUERY_STRING": heard.query,
        "REQUEST_METHOD": heard.method,
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": "git",  # lets http-backend take pushes
        "CONTENT_TYPE": heard.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(heard.body)),
        "HTTP_CONTENT_ENCODING": heard.headers.get("content-encoding", ""),
        "HOME": os.devnull,
    }
    done = subprocess.run(["git", "http-backend"], check=False, input=heard.body, capture_output=True, env=environment)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    if done.returncode != 0 or not head:
        return _refused(500, done.stderr.decode(errors="replace"))
    lines = (line.split(": ", 1) for line in head.decode().splitlines())
    found = {name.lower(): value for name, value in lines}  # in place of the server's own, not beside them
    status = int(found.pop("status", "200").split()[0])
    return Answer(status, content, found)
