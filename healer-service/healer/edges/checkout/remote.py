"""The repository that a mirror is of: its branches looked at, fetched and pushed, never over what others did.

Each push and deletion looks first, so that one which was interrupted can be done again.
"""

from __future__ import annotations

from pathlib import Path

from git import GitCommandError, Repo

from healer.model import CheckoutError

BASE = "refs/healer/base"  # one name for whatever branch it is: branches are renamed, and `a` hinders `a/b`
PROPOSALS = "+refs/heads/healer/*:refs/remotes/origin/healer/*"
LOOK_SECONDS, TRANSFER_SECONDS = 60, 1800
_HEADS, _TRACKED = "refs/heads/", "refs/remotes/origin/"
_OPTIONS = ("--no-tags", "--no-recurse-submodules", "--update-shallow")


def default_branch(repo: Repo) -> str:
    return _default_in(_said(repo, "--symref", "origin", "HEAD"))


def fetch_default(repo: Repo, depth: int) -> str:
    """Fetch the default branch and what is proposed; its name. Asks no more than for names when nothing is new."""
    lines = _said(repo, "--symref", "origin", "HEAD", f"{_HEADS}healer/*")
    branch = _default_in(lines)
    ids = [(name, first) for first, name in lines if not first.startswith("ref: ")]
    there = {name: id for name, id in ids if name == "HEAD" or name.startswith(f"{_HEADS}healer/")}
    if there != _here(repo):
        fetch(repo, branch, depth)
    return branch


def fetch(repo: Repo, branch: str, depth: int) -> None:
    """`depth` is for the first time: what comes later than that is fetched whole, or the history would get shorter."""
    first: tuple[str, ...] = ()
    if depth and not repo.git.for_each_ref(BASE):
        first = ("--depth", str(depth))
        Path(repo.git_dir, "shallow.lock").unlink(missing_ok=True)  # of a first time that was killed
    specs = (f"+{_HEADS}{branch}:{BASE}", PROPOSALS)
    try:
        repo.git.fetch("--prune", *_OPTIONS, *first, "origin", *specs, kill_after_timeout=TRANSFER_SECONDS)
    except GitCommandError as error:
        if not _is_gone(error):
            raise
        default = default_branch(repo)
        raise CheckoutError(f"there is no branch {branch}; the default branch there is {default}") from None


def bring(repo: Repo, branch: str) -> str:
    try:
        repo.git.fetch(*_OPTIONS, "origin", f"{_HEADS}{branch}", kill_after_timeout=TRANSFER_SECONDS)
    except GitCommandError as error:
        if _is_gone(error):
            raise CheckoutError(f"there is no branch {branch}") from None
        raise
    return repo.commit("FETCH_HEAD").hexsha


def tip(repo: Repo, branch: str) -> str | None:
    ref = f"{_HEADS}{branch}"
    return next((id for id, name in _said(repo, "--heads", "origin", ref) if name == ref), None)


def push(repo: Repo, commit: str, branch: str, expected: str | None) -> None:
    there = tip(repo, branch)
    if there == commit:
        return
    if there not in (None, expected):
        raise _touched(branch)
    _replace(repo, commit, branch, there)


def delete(repo: Repo, branch: str, expected: str | None) -> None:
    there = tip(repo, branch)
    if there is None:
        return
    if expected not in (None, there):
        raise _touched(branch)
    _replace(repo, "", branch, there)


def _replace(repo: Repo, commit: str, branch: str, there: str | None) -> None:
    """Only if it is still as it was seen. An answer that got lost is made up for by another look."""
    ref = f"{_HEADS}{branch}"
    try:
        repo.git.push(
            f"--force-with-lease={ref}:{there or ''}", "origin", f"{commit}:{ref}", kill_after_timeout=TRANSFER_SECONDS
        )
    except GitCommandError:
        now = tip(repo, branch)
        if now == (commit or None):
            return
        if now != there:
            raise _touched(branch) from None
        raise


def _touched(branch: str) -> CheckoutError:
    return CheckoutError(f"others have added to it: {branch} is left as it is there")


def _here(repo: Repo) -> dict[str, str]:
    """What the last fetch saw, by the names it has there."""
    refs = str(repo.git.for_each_ref("--format=%(objectname) %(refname)", BASE, f"{_TRACKED}healer/"))
    named = (line.split(" ", 1) for line in refs.splitlines())
    return {"HEAD" if ref == BASE else _HEADS + ref.removeprefix(_TRACKED): id for id, ref in named}


def _said(repo: Repo, *words: str) -> list[tuple[str, str]]:
    lines = str(repo.git.ls_remote(*words, kill_after_timeout=LOOK_SECONDS)).splitlines()
    return [(first, name) for first, _, name in (line.partition("\t") for line in lines)]


def _default_in(lines: list[tuple[str, str]]) -> str:
    for first, name in lines:
        if name == "HEAD" and first.startswith(f"ref: {_HEADS}"):
            return first.removeprefix(f"ref: {_HEADS}")
    raise CheckoutError("it has no default branch; is it empty? Else name the branch to work on")


def _is_gone(error: GitCommandError) -> bool:
    return "couldn't find remote ref" in str(error.stderr)
