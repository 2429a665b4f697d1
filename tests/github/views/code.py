"""How the REST API shows commits, branches, files and checks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.github.git import Person
from tests.github.state import Check, Status, stamp
from tests.github.views.common import JSON, node_id
from tests.github.views.discussion import minimal_pull
from tests.github.views.people import user

if TYPE_CHECKING:
    from tests.github.repository import Repository


def commit(repo: Repository, sha: str, detailed: bool = False) -> JSON:
    found, hub = repo.git.commit(sha), repo.hub
    api = f"{repo.api}/commits/{sha}"

    def at(who: Person, when: str) -> JSON:
        return {"name": who.name, "email": who.email, "date": when}

    unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    shown = {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": api,
        "html_url": f"{hub.url}/{repo.full_name}/commit/{sha}",
        "comments_url": f"{api}/comments",
        "commit": {
            "author": at(found.author, stamp(found.authored)),
            "committer": at(found.committer, stamp(found.committed)),
            "message": found.message,
            "tree": {"sha": found.tree, "url": f"{repo.api}/git/trees/{found.tree}"},
            "url": f"{repo.api}/git/commits/{sha}",
            "comment_count": 0,
            "verification": unsigned,
        },
        "author": user(hub, hub.login_of(found.author.email)),
        "committer": user(hub, hub.login_of(found.committer.email)),
        "parents": [
            {
                "sha": parent,
                "url": f"{repo.api}/commits/{parent}",
                "html_url": f"{hub.url}/{repo.full_name}/commit/{parent}",
            }
            for parent in found.parents
        ],
    }
    if not detailed or not found.parents:
        return shown
    changed = changes(repo, found.parents[0], sha)
    added, deleted = (sum(file[key] for file in changed) for key in ("additions", "deletions"))
    return {**shown, "stats": {"additions": added, "deletions": deleted, "total": added + deleted}, "files": changed}


def changes(repo: Repository, base: str, head: str) -> list[JSON]:
    page = f"{repo.hub.url}/{repo.full_name}"
    found = []
    for change in repo.git.changes(base, head):
        blob = repo.git.blob(head, change.path)
        file = {
            "sha": blob[1] if blob else None,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{page}/blob/{head}/{change.path}",
            "raw_url": f"{page}/raw/{head}/{change.path}",
            "contents_url": f"{repo.api}/contents/{change.path}?ref={head}",
            "patch": repo.git.text("diff", f"{base}...{head}", "--", change.path).partition("@@")[2],
        }
        found.append(file)
    return found


def short_branch(repo: Repository, name: str, sha: str) -> JSON:
    shown = {"name": name, "commit": {"sha": sha, "url": f"{repo.api}/commits/{sha}"}}
    return {**shown, "protected": name in repo.protected}


def protection(repo: Repository, name: str) -> JSON:
    rule = repo.protected[name]
    api = f"{repo.api}/branches/{name}/protection"
    reviews = {
        "url": f"{api}/required_pull_request_reviews",
        "dismiss_stale_reviews": False,
        "require_code_owner_reviews": False,
        "required_approving_review_count": rule.reviews,
        "require_last_push_approval": False,
    }
    shown: JSON = {"url": api, "enforce_admins": {"url": f"{api}/enforce_admins", "enabled": True}}
    return {**shown, "required_pull_request_reviews": reviews} if rule.reviews else shown


def branch(repo: Repository, name: str, sha: str) -> JSON:
    api = f"{repo.api}/branches/{name}"
    return {
        "name": name,
        "commit": commit(repo, sha),
        "_links": {"self": api, "html": f"{repo.hub.url}/{repo.full_name}/tree/{name}"},
        "protected": name in repo.protected,
        "protection": {
            "enabled": name in repo.protected,
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{api}/protection",
    }


def check_run(repo: Repository, sha: str, run: Check) -> JSON:
    api = f"{repo.api}/check-runs/{run.id}"
    output = dict.fromkeys(("title", "summary", "text"))
    return {
        "id": run.id,
        "node_id": node_id("CR", run.id),
        "head_sha": sha,
        "external_id": "",
        "url": api,
        "html_url": f"{repo.hub.url}/{repo.full_name}/runs/{run.id}",
        "details_url": f"{repo.hub.url}/{repo.full_name}/runs/{run.id}",
        "status": "completed" if run.conclusion else "in_progress",
        "conclusion": run.conclusion,
        "started_at": stamp(run.started),
        "completed_at": stamp(run.completed) if run.completed else None,
        "output": {**output, "annotations_count": 0, "annotations_url": f"{api}/annotations"},
        "name": run.name,
        "check_suite": {"id": repo.id},
        "app": None,
        "pull_requests": [minimal_pull(repo, pull) for pull in repo.pulls if pull.head_sha == sha],
    }


def status(repo: Repository, sha: str, shown: Status) -> JSON:
    return {
        "url": f"{repo.api}/statuses/{sha}",
        "avatar_url": None,
        "id": shown.id,
        "node_id": node_id("SC", shown.id),
        "state": shown.state,
        "description": None,
        "target_url": None,
        "context": shown.context,
        "created_at": stamp(shown.created),
        "updated_at": stamp(shown.created),
    }


def file(repo: Repository, path: str, revision: str, sha: str, content: bytes) -> JSON:
    text = base64.encodebytes(content).decode()
    return {**entry(repo, revision, "blob", sha, len(content), path), "encoding": "base64", "content": text}


def entry(repo: Repository, revision: str, kind: str, sha: str, size: int, path: str) -> JSON:
    """A file, or a folder in a list."""
    page = f"{repo.hub.url}/{repo.full_name}"
    api, git = f"{repo.api}/contents/{path}?ref={revision}", f"{repo.api}/git/{kind}s/{sha}"
    html = f"{page}/{kind}/{revision}/{path}"
    return {
        "type": "file" if kind == "blob" else "dir",
        "size": size,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "url": api,
        "git_url": git,
        "html_url": html,
        "download_url": f"{page}/raw/{revision}/{path}" if kind == "blob" else None,
        "_links": {"self": api, "git": git, "html": html},
    }


def reference(repo: Repository, ref: str, sha: str) -> JSON:
    shown = {"ref": ref, "node_id": f"REF_{sha}", "url": f"{repo.api}/git/{ref}"}
    return {**shown, "object": {"type": "commit", "sha": sha, "url": f"{repo.api}/git/commits/{sha}"}}
