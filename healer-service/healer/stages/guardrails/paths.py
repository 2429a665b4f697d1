"""Rules about which files a patch touches, and as what: text, link or program. What stands in them is not looked at."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from healer.model import Candidate, Change, Finding
from healer.stages.guardrails.policy import Policy
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import is_test

_MAY_BE_ALLOWED = frozenset({12, 15, 16, 34})
_DENIED: tuple[tuple[int, str, str], ...] = (
    (
        22,
        (
            r"(^|/)(\.git(/|$)|git~1(/|$)|\.git(attributes|modules|ignore|-blame-ignore-revs|config)$|"
            r"\.?githooks/|\.husky/|hooks/(pre|post|commit|prepare|update|applypatch)-?|"
            r"\.pre-commit-config|\.lefthook|lefthook\.)"
        ),
        "Git's own files and hooks are not the service's source.",
    ),
    (
        15,
        (
            r"(^|/)(\.github/|\.gitlab|\.gitea/|\.forgejo/|\.circleci/|\.ci/|ci/|\.buildkite/|"
            r"\.semaphore/|\.tekton/|azure-pipelines|bitbucket-pipelines|Jenkinsfile|\.travis|"
            r"\.?appveyor|\.woodpecker|\.drone|cloudbuild\.|codecov\.|\.codecov|dependabot|"
            r"renovate\.json)"
        ),
        "A repair does not change what the CI runs.",
    ),
    (
        16,
        (
            r"(^|/)([^/]*(Dockerfile|Containerfile)[^/]*|\.dockerignore|[^/]*compose[^/]*\.ya?ml|"
            r"(GNU)?Makefile[^/]*|[^/]*\.(mk|dockerfile|service|tf|tfvars|hcl|nix|sh|bash|ps1|bat|cmd|"
            r"env)|\.env[^/]*|\.envrc|Procfile|Justfile|Taskfile[^/]*|Vagrantfile|Tiltfile|"
            r"Chart\.ya?ml|fly\.toml|app\.ya?ml|render\.ya?ml|serverless\.ya?ml|nginx[^/]*\.conf|"
            r"supervisord?\.conf|gunicorn[^/]*\.py|uwsgi\.ini|CMakeLists\.txt|MANIFEST\.in|manage\.py|"
            r"tasks\.py)$"
        ),
        "A repair does not change how the service is built or started.",
    ),
    (
        16,
        r"(^|/)(helm|k8s|kubernetes|ansible|terraform)/",
        "A repair does not change how the service is built or started.",
    ),
    (
        12,
        (
            r"(^|/)([^/]*requirements[^/]*\.(txt|in|lock)|requirements/[^/]+|pyproject\.toml|"
            r"setup\.(py|cfg)|Pipfile|[^/]*\.lock|[^/]*constraints[^/]*\.txt|environment[^/]*\.ya?ml|"
            r"conda[^/]*\.ya?ml|package(-lock)?\.json|pip\.conf|\.pypirc|\.npmrc|runtime\.txt|"
            r"\.python-version|\.tool-versions|pdm\.toml|go\.(mod|sum)|Cargo\.toml)$"
        ),
        "A repair does not change dependencies.",
    ),
    (
        17,
        (
            r"(^|/)(conftest\.py|sitecustomize\.py|usercustomize\.py|\.?pytest\.(ini|toml)|tox\.(ini|"
            r"toml)|\.coveragerc|noxfile\.py|[^/]*\.pth|pytest_[^/]*\.py|[^/]*_plugin\.py|"
            r"\.hypothesis/.*|mypy\.ini|\.flake8|\.?ruff\.toml|\.pylintrc|\.bandit[^/]*|"
            r"\.secrets\.baseline|\.importlinter)$"
        ),
        "A repair does not change how tests, checkers or the interpreter start.",
    ),
    (
        39,
        (
            r"(^|/)((CODE)?OWNERS|MAINTAINERS[^/]*|AUTHORS[^/]*|[^/]*LICEN[CS]E[^/]*|LICENSES/[^/]+|"
            r"COPYING[^/]*|COPYRIGHT[^/]*|NOTICE[^/]*|PATENTS|SECURITY\.md)$"
        ),
        "A repair does not change ownership or licence.",
    ),
    (
        34,
        r"(^|/)(migrations?|alembic|versions)/|\.(sql|ddl)$|(^|/)(alembic\.ini|schema\.(prisma|rb))$",
        "A repair does not touch the database's schema.",
    ),
    (
        35,
        r"(^|/)(healer\.toml|\.healer/|selfheal/|\.?selfheal[^/]*)",
        "The healer's client and settings stay as they are.",
    ),
)
_PATTERNS = [(number, re.compile(pattern, re.IGNORECASE), reason) for number, pattern, reason in _DENIED]
_BINARY = re.compile(
    (
        r"\.(pyc|pyo|pyd|so|dll|dylib|exe|bin|o|a|whl|egg|zip|jar|tar|t?gz|bz2|xz|7z|png|jpe?g|"
        r"gif|ico|webp|pdf|db|sqlite3?|pkl|pickle|npy|npz|parquet|wasm|class|woff2?|ttf|mp[34])$"
    ),
    re.IGNORECASE,
)
_FILE, _LINK, _SUBMODULE = "100644", "120000", "160000"


def about_paths(candidate: Candidate, policy: Policy) -> Iterator[Finding]:
    if len(candidate.changes) > policy.max_files:
        said = f"It touches {len(candidate.changes)} files; {policy.max_files} are allowed."
        yield finding(24, 0, said)
    for change in candidate.changes:
        yield from _about_path(change, policy)
        yield from _about_mode(change)


def _about_path(change: Change, policy: Policy) -> Iterator[Finding]:
    name = change.file
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"[A-Za-z]:|~", name):
        yield finding(20, 0, "The path leaves the repository.", name)
    if any(not character.isprintable() or unicodedata.category(character) == "Cf" for character in name):
        yield finding(32, 0, "The file's name holds invisible characters.", name)
    denied = False
    for number, pattern, reason in _PATTERNS:
        if pattern.search(name) and not (number in _MAY_BE_ALLOWED and policy.allows_file(name)):
            denied = True
            yield finding(number, 0, reason, name)
    if _BINARY.search(name):
        yield finding(23, 0, "Such a file is no text.", name)
    if not denied and not _inside(path, policy.source) and not is_test(path):
        yield finding(20, 0, f"A patch may touch {', '.join(policy.source) or 'nothing'} only.", name)
    if not change.before and _shadows(path, policy):
        yield finding(30, 0, f"The new file takes the place of the module {path.stem}.", name)


def _inside(path: PurePosixPath, folders: tuple[str, ...]) -> bool:
    return any(
        folder in (".", "") or path == PurePosixPath(folder) or PurePosixPath(folder) in path.parents
        for folder in folders
    )


def _shadows(path: PurePosixPath, policy: Policy) -> bool:
    """A file at a root of imports hides the library of its name."""
    at_root = len(path.parts) == 1 or (path.parts[0] in ("src", "lib", "tests") and len(path.parts) == 2)
    package = len(path.parts) == 2 and path.name == "__init__.py"
    name = path.parts[0] if package else path.stem
    if path.suffix != ".py" or not (at_root or package):
        return False
    return name in sys.stdlib_module_names or name in (policy.dependencies or ()) or name in ("pytest", "selfheal")


def _about_mode(change: Change) -> Iterator[Finding]:
    before, after = change.before_mode, change.after_mode
    if _SUBMODULE in (before, after):
        yield finding(22, 0, "A submodule brings code from elsewhere.", change.file)
    if _LINK in (before, after):
        yield finding(21, 0, "A symbolic link reaches what the text does not show.", change.file)
    elif before and after and before != after:
        yield finding(21, 0, f"The file's mode changes from {before} to {after}.", change.file)
    elif not before and after not in (_FILE, _SUBMODULE, ""):
        yield finding(21, 0, f"The new file has the mode {after}; a repair adds no programs.", change.file)
    if not after and not is_test(PurePosixPath(change.file)):
        yield finding(37, 0, "The file is gone.", change.file)
