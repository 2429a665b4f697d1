"""Whether a token, a repository and a webhook will do, before the first crash asks. It changes nothing on GitHub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from github.Branch import Branch
from github.Hook import Hook
from github.Repository import Repository

from healer.edges.forge.github import words
from healer.edges.forge.github.calls import Calls, Refusal
from healer.model import ForgeError

OK, WEAKER, MISSING = "ok", "weaker", "missing"
# What the webhook should send; whatever it does not is found by polling.
EVENTS = (
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "issue_comment",
    "push",
    "check_suite",
    "status",
)
POLLING = "polling finds merges within half a minute"
SOON = timedelta(days=14)
NO_COMMIT = "0" * 40
EXPIRY = "github-authentication-token-expiration"
RENEW = "Make a new fine-grained token for this repository, and give it as HEALER_GITHUB_TOKEN_FILE or token_file."
GRANT = "Grant it where the token was made: Settings, Developer settings, Fine-grained tokens, Repository permissions."


@dataclass(frozen=True)
class Finding:
    name: str
    state: str  # ok; weaker: it works, with less comfort; missing: it does not work
    found: str
    remedy: str = ""


def examine(calls: Calls, name: str, branch: str | None, webhook: str) -> Iterator[Finding]:
    """Ends with the first thing that makes the rest useless. `webhook`: the address of the healer's own endpoint."""
    try:
        token = _token(calls)
        yield token
        if token.state == MISSING:
            return
        with calls.asking(f"see the repository {name}", "Metadata: read-only"):
            repository = calls.hub.get_repo(name)
            repository.update()
        yield _repository(repository, name)
        if repository.archived or repository.disabled:
            return
        base = branch or repository.default_branch
        yield _proposing(calls, repository, base)
        yield _pushing(calls, repository)
        found, finding = _base(calls, repository, base)
        yield finding
        if found is not None:
            yield from _checks(calls, repository, found.commit.sha)
        yield _webhook(calls, repository, webhook)
    except ForgeError as error:
        limited = not isinstance(error, Refusal)
        remedy = "" if limited else "Check the address of the repository, the network, and what the token may see."
        yield Finding("GitHub", MISSING, str(error), remedy)


def _token(calls: Calls) -> Finding:
    try:
        with calls.asking("ask GitHub whose token it is"):
            user = calls.hub.get_user()
            login = user.login
            expires = _expiry(str(user.raw_headers.get(EXPIRY, "")))
    except Refusal as error:
        if error.status == 403:
            return Finding("token", OK, "accepted; it belongs to no user")
        if error.status == 401:
            return Finding("token", MISSING, str(error), RENEW)
        raise
    found = f"accepted; acts as {words.line(login, 40)}"
    if expires is None:
        return Finding("token", OK, found)
    until = f"{found}; expires {expires:%Y-%m-%d}"
    soon = expires - datetime.now(UTC) < SOON
    return Finding("token", WEAKER if soon else OK, until, RENEW if soon else "")


def _expiry(text: str) -> datetime | None:
    """As in `2026-12-01 08:00:00 UTC`, or with an offset."""
    with suppress(ValueError):
        return datetime.strptime(text.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    return None


def _repository(repository: Repository, name: str) -> Finding:
    now = words.line(repository.full_name, 140)
    if repository.archived or repository.disabled:
        why = "archived" if repository.archived else "disabled"
        return Finding(
            "repository", MISSING, f"{now} is {why}: nothing can be proposed there", "Unarchive it on GitHub."
        )
    if now.lower() != name.lower():
        return Finding("repository", WEAKER, f"{name} is called {now} now", "Set repository to its new address.")
    return Finding("repository", OK, f"{now}, {'private' if repository.private else 'public'}")


def _proposing(calls: Calls, repository: Repository, base: str) -> Finding:
    """A pull request of a branch into itself cannot be; who may open none is told so first."""

    def probe() -> None:
        repository.create_pull(base, base, title="May pull requests be opened?", body="")

    needs = "Pull requests: read and write"
    return _probed(calls, "pull requests", "open pull requests", needs, "may be opened and changed", probe)


def _pushing(calls: Calls, repository: Repository) -> Finding:
    """So is a branch at a commit that cannot be."""

    def probe() -> None:
        repository.create_git_ref("refs/heads/healer/examination", NO_COMMIT)

    return _probed(calls, "contents", "push branches", "Contents: read and write", "branches may be pushed", probe)


def _probed(calls: Calls, name: str, what: str, needs: str, well: str, probe: Callable[[], None]) -> Finding:
    try:
        with calls.asking(what, needs, writes=True):
            probe()
    except Refusal as error:
        if error.status in (403, 404):
            return Finding(name, MISSING, str(error), GRANT)
        if error.status not in (409, 422):
            raise
    return Finding(name, OK, well)


def _base(calls: Calls, repository: Repository, base: str) -> tuple[Branch | None, Finding]:
    default = repository.default_branch
    try:
        with calls.asking(f"read the branch {base}", "Contents: read-only"):
            found = repository.get_branch(base)
            now, protected = found.name, found.protected
    except Refusal as error:
        if error.status != 404:
            raise
        remedy = f"Push it, or take branch out of healer.toml to follow the default branch, {default}."
        return None, Finding("branch", MISSING, f"there is no branch {base}", remedy)
    if now != base:
        remedy = "Set branch to the new name, or take it out to follow the default branch."
        return found, Finding("branch", WEAKER, f"{base} is called {words.line(now, 100)} now", remedy)
    told = base if base == default else f"{base}, while the default branch is {default}"
    if protected:
        told += (
            "; protected: `healer approve` merges only what its rules let the token's user merge, else merge on GitHub"
        )
    else:
        told += "; not protected: `healer approve` merges at once"
    return found, Finding("branch", OK, told)


def _checks(calls: Calls, repository: Repository, sha: str) -> Iterator[Finding]:
    commit = repository.get_commit(sha)
    without = "Without it a draft is made ready after a minute, without waiting for them."
    for name, needs, read, remedy in (
        # GitHub offers no such permission to fine-grained tokens, so nobody can be told to grant it.
        ("checks", "Checks: read-only", lambda: commit.get_check_runs(filter="latest").get_page(0), without),
        ("statuses", "Commit statuses: read-only", commit.get_combined_status, f"{GRANT} {without}"),
    ):
        try:
            with calls.asking(f"read the {name} of a commit", needs):
                read()
        except Refusal as error:
            if error.status not in (403, 404):
                raise
            yield Finding(name, WEAKER, str(error), remedy)
        else:
            yield Finding(name, OK, "can be read")


def _webhook(calls: Calls, repository: Repository, address: str) -> Finding:
    try:
        with calls.asking("list the webhooks", "Webhooks: read-only"):
            hooks = repository.get_hooks().get_page(0)
            return _hook(hooks, address)
    except Refusal as error:
        if error.status not in (403, 404):
            raise
        return Finding("webhook", OK, f"cannot be seen with this token; {POLLING}")


def _hook(hooks: list[Hook], address: str) -> Finding:
    path = urlsplit(address).path
    pointing = [hook for hook in hooks if urlsplit(str(hook.config.get("url", ""))).path.rstrip("/") == path]
    exact = [hook for hook in pointing if str(hook.config["url"]).rstrip("/") == address]
    hook = next(iter(exact or pointing), None)
    if hook is None:
        remedy = f"Add one for {address} where GitHub can reach that, or leave it at polling."
        return Finding("webhook", WEAKER, f"none points to {path}; {POLLING}", remedy)
    there = words.line(hook.config["url"], 200)
    problems = list(_problems(hook))
    if not exact:
        problems.insert(0, f"not {address}")
    if problems:
        found = f"points to {there}, but: {'; '.join(problems)}; {POLLING}"
        return Finding("webhook", WEAKER, found, "Correct it in the repository's settings, under Webhooks.")
    answered = hook.last_response is not None and bool(hook.last_response.code)
    told = "its last delivery was answered" if answered else "nothing was delivered yet"
    return Finding("webhook", OK, f"points to {there}; {told}")


def _problems(hook: Hook) -> Iterator[str]:
    if not hook.active:
        yield "it is switched off"
    if hook.config.get("content_type") != "json":
        yield "its content type is not application/json"
    if "*" not in hook.events and (missing := [event for event in EVENTS if event not in hook.events]):
        yield f"it does not send {', '.join(missing)}"
    last = hook.last_response
    if last is not None and last.code and not 200 <= last.code < 300:
        yield f"its last delivery got {last.code} ({words.line(last.message, 80)})"
