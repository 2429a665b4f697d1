"""One service's table in healer.toml: what it may say, and what is refused before anything starts."""

from __future__ import annotations

import difflib
import os
import re
import sys
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from healer.model import BadInput
from healer.settings.addresses import GitHubUrl, HttpUrl, Remote, remote_of
from healer.settings.deploying import AutonomousSettings, DeploySettings, Way, safe_request, way_of
from healer.settings.examples import Example, read_examples
from healer.settings.secret_files import private_file
from healer.stages.guardrails import NAMES, NEVER_OFF, Policy

LONGEST_SOCKET = 107  # bytes; unix(7)
LONGEST_LABEL = 50  # GitHub's limit
SEED_BRANCH = "main"


class ReplaySettings(BaseModel):
    """What the sandbox puts in place of redacted values, so that a recorded request can be sent again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    seconds: float = Field(default=20, gt=0, le=600)
    memory_mb: int = Field(default=1024, ge=64)


class GuardrailSettings(BaseModel):
    """How much a patch may change, and what the guardrails let pass for this service."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_lines: int = Field(default=60, ge=1, le=2000)
    max_files: int = Field(default=3, ge=1, le=50)
    allow_calls: tuple[str, ...] = ()  # dotted names or patterns of them, as "shop.mail.*"
    allow_files: tuple[str, ...] = ()  # paths or patterns of them, as "app/sql/*"
    allow_rules: tuple[str, ...] = ()  # rules that are off, by name

    @field_validator("allow_calls")
    @classmethod
    def _are_dotted(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if not re.fullmatch(r"[A-Za-z_]\w*(\.(\w+|\*))*", pattern):
                raise ValueError(f"{pattern!r} is no dotted name; write for example 'httpx.get' or 'shop.mail.*'")
        return patterns

    @field_validator("allow_files")
    @classmethod
    def _are_inside(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if pattern.startswith("/") or ".." in pattern.split("/") or pattern.strip("*/") == "":
                raise ValueError(f"{pattern!r} must name files inside the repository; write for example 'app/sql/*'")
        return patterns

    @field_validator("allow_rules")
    @classmethod
    def _may_be_off(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name in NEVER_OFF:
                raise ValueError(f"{name!r} can never be off: without it a patch could hide from the other rules")
            if name not in NAMES:
                near = difflib.get_close_matches(name, NAMES, 1)
                raise ValueError(f"there is no rule {name!r}" + (f"; is {near[0]!r} meant?" if near else ""))
        return names


class ServiceSettings(BaseModel):
    """One table `[services.<name>]` of healer.toml. Paths are relative to that file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    repository: str = Field(min_length=1)
    seed: Path | None = None
    branch: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$")  # None: the default branch
    forge: Literal["auto", "local", "github"] = "auto"
    github_api: GitHubUrl = ""  # of a GitHub Enterprise server; without it derived from the repository's address
    token_file: Path | None = None
    ssh_key: Path | None = None
    fetch_depth: int = Field(default=0, ge=0, le=1_000_000)  # commits of history; 0: all of it
    labels: tuple[str, ...] = Field(default=("healer",), max_length=20)
    ask_review: bool = True
    entry: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    source: tuple[str, ...] = (".",)
    tests: tuple[str, ...] = ("tests",)
    releases: Path | None = None
    control: Path | None = None
    url: HttpUrl = ""
    report_url: HttpUrl = ""
    dsn_file: Path | None = None
    python: str = ""
    autonomy: Literal["observe", "propose", "autonomous"] = "propose"
    engine: Literal["auto", "playbook", "llm"] = "auto"
    heals_per_hour: int = Field(default=30, ge=1, le=1000)
    open_proposals: int = Field(default=20, ge=1, le=200)
    new_incidents_per_hour: int = Field(default=200, ge=1, le=100_000)  # what is beyond is counted in one
    release_pushes: bool = False  # release what people push to the branch too
    safe_requests: tuple[str, ...] = Field(default=(), max_length=200)  # that may be sent again, beside GET and HEAD
    examples: Path | None = None  # requests that a person may send to it from the page
    autonomous: AutonomousSettings = AutonomousSettings()
    deploy: DeploySettings = DeploySettings()
    guardrails: GuardrailSettings = GuardrailSettings()
    replay: ReplaySettings = ReplaySettings()

    @model_validator(mode="before")
    @classmethod
    def _misplaced(cls, table: Any) -> Any:
        if not isinstance(table, dict):
            return table
        for field in ("max_lines", "max_files"):
            if field in table:
                raise ValueError(f"{field} belongs in the table guardrails of the service; move it there")
        for field in ("token", "github_token", "password"):
            if field in table:
                raise ValueError(
                    f"{field}: no secret belongs in healer.toml; write it to a file, name it in token_file"
                )
        if table.get("seed") and table.get("branch") is None:
            return {**table, "branch": SEED_BRANCH}
        return table

    @field_validator("repository")
    @classmethod
    def _is_an_address(cls, repository: str) -> str:
        remote_of(repository)
        return repository

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        for label in labels:
            if (
                label != label.strip()
                or not label.isprintable()
                or "," in label
                or not 1 <= len(label) <= LONGEST_LABEL
            ):
                raise ValueError(
                    f"{label!r} is no label: 1 to {LONGEST_LABEL} characters, no comma, no space at the ends"
                )
        return labels

    @field_validator("safe_requests")
    @classmethod
    def _are_requests(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(safe_request(pattern) for pattern in patterns)

    @field_validator("examples")
    @classmethod
    def _can_be_read(cls, path: Path | None) -> Path | None:
        if path is not None:
            read_examples(path)
        return path

    @field_validator("ssh_key")
    @classmethod
    def _is_private(cls, path: Path | None) -> Path | None:
        if path is not None:
            try:
                private_file(path)
            except BadInput as error:
                raise ValueError(str(error)) from None
        return path

    @model_validator(mode="after")
    def _deployment_is_whole(self) -> Self:
        way = way_of(self.deploy, self.releases, self.control)
        if self.autonomy == "autonomous" and way is None:
            raise ValueError(
                "autonomy: 'autonomous' merges by itself, so there must be a way to release and to go back; set "
                "releases and control, deploy.command or deploy.webhook, or write 'propose'"
            )
        if self.release_pushes and way is None:
            raise ValueError(
                "release_pushes: there is no way to deploy; set releases and control, deploy.command or "
                "deploy.webhook, or leave it out"
            )
        if self.control is not None and len(os.fsencode(self.control)) > LONGEST_SOCKET:
            raise ValueError(f"control: a socket's path has at most {LONGEST_SOCKET} bytes; choose a shorter one")
        if self.examples is not None and not self.url:
            raise ValueError(
                "examples: they are sent to the service's url, which is not set; set it, or leave them out"
            )
        for folder in (*self.source, *self.tests):
            if folder.startswith(("/", "-")) or ".." in folder.split("/"):
                raise ValueError(f"{folder!r} must be a folder inside the repository")
        return self

    @model_validator(mode="after")
    def _repository_is_reached_one_way(self) -> Self:
        remote = self.remote
        if self.seed is not None and remote is not None:
            raise ValueError(
                f"seed fills a new repository in a folder, but repository is at {remote.host}; "
                "leave seed out, or name a path in repository"
            )
        if self.ssh_key is not None and (remote is None or remote.scheme != "ssh"):
            raise ValueError(
                "ssh_key is for a repository reached over SSH; write repository as git@host:owner/name, or leave it out"
            )
        return self

    @property
    def offered(self) -> tuple[Example, ...]:
        """What a person may have sent to it from the page."""
        return read_examples(self.examples) if self.examples is not None else ()

    @property
    def interpreter(self) -> str:
        return self.python or sys.executable

    @property
    def way(self) -> Way | None:
        """How its releases are deployed; None where healing ends at the merge."""
        return way_of(self.deploy, self.releases, self.control)

    @property
    def policy(self) -> Policy:
        """What the guardrails are told of this service."""
        return Policy(source=self.source, **self.guardrails.model_dump())

    @property
    def remote(self) -> Remote | None:
        """What its repository's address says; None where it is on this machine."""
        return remote_of(self.repository)
