"""Rules about which files a patch touches and how much of them. It does not look at what the code does."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from healer.model import Candidate, Change, Finding
from healer.stages.guardrails.policy import Policy

_DENIED: tuple[tuple[str, int, str, str], ...] = (
    (
        "git-internals",
        22,
        r"(^|/)(\.git(/|$)|\.gitattributes$|\.gitmodules$|\.githooks/|\.husky/|hooks/(pre|post|commit)-)",
        "Git's own files are not the service's source.",
    ),
    (
        "ci-workflow",
        15,
        r"(^|/)(\.github/|\.gitlab-ci|\.circleci/|\.ci/|azure-pipelines|Jenkinsfile|\.travis|\.woodpecker|\.drone)",
        "A repair does not change what the CI runs.",
    ),
    (
        "build-files",
        16,
        r"(^|/)(Dockerfile|Containerfile|docker-compose|compose\.ya?ml|Makefile|GNUmakefile|[^/]*\.dockerfile|Procfile|[^/]*\.(service|tf))",
        "A repair does not change how the service is built or started.",
    ),
    (
        "dependencies",
        12,
        r"(^|/)(requirements[^/]*\.(txt|in|lock)|pyproject\.toml|setup\.(py|cfg)|Pipfile|poetry\.lock|uv\.lock|[^/]*\.lock|constraints[^/]*\.txt|environment\.ya?ml)$",
        "A repair does not change dependencies.",
    ),
    (
        "test-machinery",
        17,
        r"(^|/)(conftest\.py|sitecustomize\.py|usercustomize\.py|pytest\.ini|tox\.ini|\.coveragerc|noxfile\.py|[^/]*\.pth)$",
        "A repair does not change how tests or the interpreter start.",
    ),
    (
        "ownership",
        39,
        r"(^|/)(CODEOWNERS|LICEN[CS]E[^/]*|COPYING|NOTICE)$",
        "A repair does not change ownership or licence.",
    ),
    ("migrations", 34, r"(^|/)(migrations?|alembic)/|\.sql$", "A repair does not touch the database's schema."),
)
_BIDI = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SILENCERS = re.compile(
    r"#\s*(noqa|nosec|type:\s*ignore|pragma:\s*no cover|pylint:\s*disable|pyright:\s*ignore|mypy:\s*ignore|fmt:\s*off)",
    re.I,
)
_SKIPS = re.compile(
    r"(pytest\.mark\.(skip|skipif|xfail)|pytest\.(skip|xfail|importorskip)\(|unittest\.skip|@skip|expectedFailure)"
)


def about_files(candidate: Candidate, policy: Policy) -> Iterator[Finding]:
    if not candidate.changes or all(c.before == c.after for c in candidate.changes):
        yield Finding("no-op", 38, "", 0, "The patch changes nothing.")
    if len(candidate.changes) > policy.max_files:
        yield Finding(
            "too-large", 24, "", 0, f"It touches {len(candidate.changes)} files; {policy.max_files} are allowed."
        )
    lines = sum(len(added_lines(c)) + len(removed_lines(c)) for c in candidate.changes)
    if lines > policy.max_lines:
        yield Finding("too-large", 24, "", 0, f"It changes {lines} lines; {policy.max_lines} are allowed.")
    for change in candidate.changes:
        yield from _about_path(change, policy)
        yield from _about_text(change)


def _about_path(change: Change, policy: Policy) -> Iterator[Finding]:
    path = PurePosixPath(change.file)
    if path.is_absolute() or ".." in path.parts or "\\" in change.file or re.match(r"[A-Za-z]:", change.file):
        yield Finding("path-escape", 20, change.file, 0, "The path leaves the repository.")
        return
    denied = False
    for name, number, pattern, reason in _DENIED:
        if re.search(pattern, change.file):
            denied = True
            yield Finding(name, number, change.file, 0, reason)
    if not denied and not _inside(path, policy.source) and not is_test(path):
        yield Finding(
            "outside-source", 20, change.file, 0, f"A patch may touch {', '.join(policy.source) or 'nothing'} only."
        )


def _inside(path: PurePosixPath, folders: tuple[str, ...]) -> bool:
    return any(
        folder in (".", "") or path == PurePosixPath(folder) or PurePosixPath(folder) in path.parents
        for folder in folders
    )


def is_test(path: PurePosixPath) -> bool:
    return "tests" in path.parts[:-1] or path.name.startswith("test_") or path.name.endswith("_test.py")


def _about_text(change: Change) -> Iterator[Finding]:
    if "\0" in change.after:
        yield Finding("binary", 23, change.file, 0, "Binary content.")
    for number, text in added_lines(change):
        if _BIDI.search(text):
            yield Finding("hidden-characters", 32, change.file, number, "Invisible or direction-changing characters.")
        if _SILENCERS.search(text) and not any(
            _SILENCERS.search(old) and _bare(old) == _bare(text) for _, old in removed_lines(change)
        ):
            yield Finding("silenced-checker", 36, change.file, number, "A comment that silences a checker.")
        if _SKIPS.search(text):
            yield Finding("test-skipped", 18, change.file, number, "A test is skipped or expected to fail.")
    if is_test(PurePosixPath(change.file)):
        gone = sorted(_tests(change.before) - _tests(change.after))
        if gone:
            yield Finding("test-deleted", 18, change.file, 0, f"Tests are gone: {', '.join(gone[:3])}.")
        if not gone and change.before and change.after.count("assert") < change.before.count("assert"):
            yield Finding("assertion-weakened", 19, change.file, 0, "Assertions of an existing test are gone.")


def _bare(text: str) -> str:
    match = _SILENCERS.search(text)
    return match.group(1).lower() if match else ""


def _tests(text: str) -> set[str]:
    return set(re.findall(r"^\s*(?:async )?def (test_\w+)", text, re.M))


def added_lines(change: Change) -> list[tuple[int, str]]:
    return _side(change, "+")


def removed_lines(change: Change) -> list[tuple[int, str]]:
    return _side(change, "-")


def _side(change: Change, sign: str) -> list[tuple[int, str]]:
    found = []
    matcher = difflib.SequenceMatcher(None, change.before.splitlines(), change.after.splitlines(), autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        lines = change.after.splitlines() if sign == "+" else change.before.splitlines()
        start, end = (new_start, new_end) if sign == "+" else (old_start, old_end)
        found += [(index + 1, lines[index]) for index in range(start, end)]
    return found
