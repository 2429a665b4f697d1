"""What is in the repository: commits, branches, references, files, checks."""

from __future__ import annotations

import re
from typing import Any

from tests.github import branches, views
from tests.github.refusals import Refused
from tests.github.routing import Answer, Page, Request, route

REPO = "/repos/{owner}/{repo}"
COMMIT = REPO + "/commits/{ref}"
BRANCH = REPO + "/branches/{branch}"


def _commit(request: Request) -> str:
    ref = request.values.get("commit_sha") or request.values["ref"].removeprefix("heads/")
    sha = request.repo.git.resolved(ref)
    if sha is None:
        raise Refused(422, f"No commit found for SHA: {ref}")
    return sha


@route("GET", REPO + "/commits", "contents=read")
def commits(request: Request) -> Page:
    query, repo = request.query, request.repo
    start = repo.git.resolved(query.get("sha", repo.default_branch))
    if start is None:
        raise Refused(404, "Not Found")
    paths = ["--", query["path"]] if "path" in query else []
    return Page([lambda sha=sha: views.commit(repo, sha) for sha in repo.git.log(start, *paths)])


@route("GET", COMMIT, "contents=read")
def commit(request: Request) -> dict[str, Any]:
    return views.commit(request.repo, _commit(request), detailed=True)


@route("GET", REPO + "/commits/{commit_sha}/pulls", "pull_requests=read")
def pulls(request: Request) -> Page:
    repo, sha = request.repo, _commit(request)
    return Page([views.simple_pull(repo, pull) for pull in repo.pulls if sha in (pull.head_sha, pull.merge_commit_sha)])


@route("GET", COMMIT + "/check-runs", "checks=read")
def check_runs(request: Request) -> Page:
    query, sha = request.query, _commit(request)
    runs = [run for run in request.repo.checks.get(sha, ()) if query.get("check_name") in (None, run.name)]
    if query.get("filter", "latest") == "latest":
        runs = list({run.name: run for run in runs}.values())
    return Page([views.check_run(request.repo, sha, run) for run in runs], wrap="check_runs")


@route("GET", COMMIT + "/status", "statuses=read")
def combined_status(request: Request) -> Page:
    repo, sha = request.repo, _commit(request)
    latest = list({status.context: status for status in repo.statuses.get(sha, ())}.values())
    states = {status.state for status in latest}
    bad = "failure" if states & {"failure", "error"} else "pending"
    api = f"{repo.api}/commits/{sha}"
    more = {
        "state": "success" if states == {"success"} else bad,
        "sha": sha,
        "repository": views.fitted(views.repository(repo), "minimal-repository"),
        "commit_url": api,
        "url": f"{api}/status",
    }
    return Page([views.status(repo, sha, status) for status in latest], wrap="statuses", more=more)


@route("GET", COMMIT + "/statuses", "statuses=read")
def statuses(request: Request) -> Page:
    repo, sha = request.repo, _commit(request)
    ci = views.user(request.hub, "github-actions[bot]")
    shown = [{**views.status(repo, sha, status), "creator": ci} for status in repo.statuses.get(sha, ())]
    return Page(shown[::-1])


@route("GET", REPO + "/branches", "contents=read")
def all_branches(request: Request) -> Page:
    repo = request.repo
    shown = (views.short_branch(repo, name, sha) for name, sha in sorted(repo.git.heads().items()))
    wanted = request.query.get("protected")
    return Page([branch for branch in shown if wanted is None or branch["protected"] == (wanted == "true")])


@route("GET", BRANCH, "contents=read")
def branch(request: Request) -> Answer | dict[str, Any]:
    repo, name = request.repo, request.values["branch"]
    tip = repo.git.heads().get(name)
    if tip:
        return views.branch(repo, name, tip)
    if name in repo.renamed:
        return _moved(f"{repo.api}/branches/{repo.renamed[name]}")
    raise Refused(404, "Branch not found")


def _moved(address: str) -> Answer:
    body = {"message": "Moved Permanently", "url": address, "documentation_url": "https://docs.github.com/rest"}
    return Answer(301, body, {"location": address})


@route("GET", BRANCH + "/protection", "administration=read")
def protection(request: Request) -> dict[str, Any]:
    if request.values["branch"] not in request.repo.protected:
        raise Refused(404, "Branch not protected")
    return views.protection(request.repo, request.values["branch"])


@route("GET", REPO + "/rules/branches/{branch}", "metadata=read")
def rules(request: Request) -> Page:
    """Those of rule sets; branch protection is told elsewhere."""
    repo, name = request.repo, request.values["branch"]
    source = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": repo.id}
    caught = [pattern for pattern in repo.patterns if re.fullmatch(pattern.replace("*", ".*"), name)]
    return Page([{"type": "creation", **source} for _ in caught])


@route("GET", REPO + "/git/ref/{ref}", "contents=read")
def reference(request: Request) -> dict[str, Any]:
    ref = request.values["ref"]
    tip = request.repo.git.heads().get(ref.removeprefix("heads/"))
    if not ref.startswith("heads/") or tip is None:
        raise Refused(404, "Not Found")
    return views.reference(request.repo, f"refs/{ref}", tip)


@route("GET", REPO + "/git/matching-refs/{ref}", "contents=read")
def matching_references(request: Request) -> Page:
    found = ((f"refs/heads/{name}", sha) for name, sha in sorted(request.repo.git.heads().items()))
    start = f"refs/{request.values['ref']}"
    return Page([views.reference(request.repo, ref, sha) for ref, sha in found if ref.startswith(start)])


@route("POST", REPO + "/git/refs", "contents=write")
def make_reference(request: Request) -> Answer:
    ref, sha, repo = request.body["ref"], request.body["sha"], request.repo
    if not re.fullmatch(r"refs/heads/\S+", ref):
        raise Refused(422, "Reference name must start with 'refs/heads/'.")
    if ref.removeprefix("refs/heads/") in repo.git.heads():
        raise Refused(422, "Reference already exists")
    if not re.fullmatch(r"[0-9a-f]{40}", sha) or repo.git.resolved(sha) is None:
        raise Refused(422, "Object does not exist")
    repo.git.set_ref(ref, sha)
    branches.refresh(repo, request.by)
    return Answer(201, views.reference(repo, ref, sha))


@route("PATCH", REPO + "/git/refs/{ref}", "contents=write")
def move_reference(request: Request) -> dict[str, Any]:
    repo, name, sha = request.repo, request.values["ref"].removeprefix("heads/"), request.body["sha"]
    tip = repo.git.heads().get(name)
    if tip is None:
        raise Refused(422, "Reference does not exist")
    if repo.git.resolved(sha) is None:
        raise Refused(422, "Object does not exist")
    if not request.body.get("force") and not repo.git.is_ancestor(tip, sha):
        raise Refused(422, "Update is not a fast forward")
    repo.git.set_ref(f"refs/heads/{name}", sha)
    branches.refresh(repo, request.by)
    return views.reference(repo, f"refs/heads/{name}", sha)


@route("DELETE", REPO + "/git/refs/{ref}", "contents=write")
def delete_reference(request: Request) -> Answer:
    repo, name = request.repo, request.values["ref"].removeprefix("heads/")
    if name not in repo.git.heads():
        raise Refused(422, "Reference does not exist")
    repo.git.delete_ref(f"refs/heads/{name}")
    branches.refresh(repo, request.by)
    return Answer(204)


@route("GET", REPO + "/contents/{path}", "contents=read")
def contents(request: Request) -> dict[str, Any] | list[Any]:
    repo, path = request.repo, request.values["path"]
    revision = request.query.get("ref", repo.default_branch)
    sha = repo.git.resolved(revision)
    if sha is None:
        raise Refused(404, f"No commit found for the ref {revision}")
    found = repo.git.blob(sha, path)
    if found is None:
        raise Refused(404, "Not Found")
    if found[0] == "tree":
        return [views.entry(repo, revision, *entry) for entry in repo.git.entries(sha, path)]
    return views.file(repo, path, revision, found[1], found[2])


@route("GET", REPO + "/compare/{basehead}", "contents=read")
def compare(request: Request) -> dict[str, Any]:
    repo = request.repo
    names = request.values["basehead"].split("...")
    ends = [repo.git.resolved(name.rpartition(":")[2]) for name in names]
    if len(ends) != 2 or None in ends:
        raise Refused(404, "Not Found")
    base, head = (str(end) for end in ends)
    common = repo.git.merge_base(base, head)
    if common is None:
        raise Refused(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead, behind = repo.git.between(base, head), repo.git.between(head, base)
    words = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    page = f"{repo.hub.url}/{repo.full_name}/compare/{request.values['basehead']}"
    return {
        "url": f"{repo.api}/compare/{request.values['basehead']}",
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": views.commit(repo, base),
        "merge_base_commit": views.commit(repo, common),
        "status": words[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [views.commit(repo, sha) for sha in reversed(ahead)],
        "files": views.changes(repo, common, head),
    }
