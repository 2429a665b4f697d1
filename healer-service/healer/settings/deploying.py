"""How a service's releases get to its users, and how far a heal goes by itself: the tables deploy and autonomous."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from healer.settings.addresses import HttpUrl, told_address
from healer.settings.secret_files import read_secret, signing_secret
from healer.stages.assessment import DRAFT

Way = Literal["supervisor", "command", "webhook"]

LONGEST_WORD = 4096
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_SEGMENT = r"(?:\*|[^/?#*\s]+)"
_SAFE_REQUEST = re.compile(rf"([A-Z]+) (/(?:{_SEGMENT}(?:/{_SEGMENT})*/?)?)")


class AutonomousSettings(BaseModel):
    """What a proposal must have to be merged without a person, where the service's autonomy is autonomous."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_confidence: float = Field(default=0.9, ge=DRAFT, le=1)
    max_risk: float = Field(default=0.25, ge=0, le=1)
    merges_per_day: int = Field(default=10, ge=1, le=1000)


class DeploySettings(BaseModel):
    """What a release goes through, and the other ways than the supervisor's to have it served."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    soak_seconds: float | None = Field(default=None, ge=0, le=86400)  # None: HEALER_SOAK_SECONDS
    canary_workers: int = Field(default=0, ge=0, le=64)
    canary_seconds: float = Field(default=30, ge=1, le=86400)
    requirements: str = Field(default="", max_length=500)
    command: tuple[str, ...] = ()
    way_back: tuple[str, ...] = ()
    run_in: Path = Path()  # where the commands run; the loader puts the folder of healer.toml here
    webhook: str = ""
    secret_file: Path | None = None
    health: HttpUrl = ""
    health_seconds: float = Field(default=60, ge=1, le=3600)
    version_header: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,100}$")

    @field_validator("command", "way_back", mode="before")
    @classmethod
    def _is_a_list(cls, words: Any) -> Any:
        if isinstance(words, str):
            raise ValueError("no shell reads it; write a list of words, for example ['systemctl', 'restart', 'shop']")
        return words

    @field_validator("command", "way_back")
    @classmethod
    def _are_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if "\0" in word or len(word) > LONGEST_WORD:
                raise ValueError(
                    f"{word[:40]!r} cannot be given to a program; a word has at most {LONGEST_WORD} characters"
                )
        if words and not words[0].strip():
            raise ValueError("the first word is the program to run; name it")
        return words

    @field_validator("requirements")
    @classmethod
    def _is_inside(cls, path: str) -> str:
        if path.startswith(("/", "-", "~")) or ".." in path.split("/") or not path.isprintable():
            raise ValueError(f"{path!r} must be a file inside the repository; write for example 'requirements.lock'")
        return path

    @field_validator("webhook")
    @classmethod
    def _may_be_told(cls, address: str) -> str:
        return told_address(address, "https://deploy.example.org/hooks/shop")

    @field_validator("secret_file")
    @classmethod
    def _is_a_secret(cls, path: Path | None) -> Path | None:
        return signing_secret(path)

    @property
    def secret(self) -> SecretStr:
        """What signs the webhook; empty where nothing does."""
        return SecretStr(read_secret(self.secret_file, "secret_file") if self.secret_file is not None else "")


def way_of(deploy: DeploySettings, releases: Path | None, control: Path | None) -> Way | None:
    """None where healing ends at the merge. Raises ValueError for what does not go together."""
    told = [name for name, given in (("control", control), ("deploy.command", deploy.command)) if given]
    told += ["deploy.webhook"] if deploy.webhook else []
    if len(told) > 1:
        raise ValueError(f"{' and '.join(told)} are different ways to deploy; leave all but one out")
    if not deploy.command and (releases is None) != (control is None):
        raise ValueError(
            "releases and control go together: name both the release folder and the supervisor's socket, or set "
            "deploy.command for another way to deploy"
        )
    way: Way | None = (
        "supervisor" if control else "command" if deploy.command else "webhook" if deploy.webhook else None
    )
    _check_own(deploy, way)
    if deploy.requirements and releases is None:
        raise ValueError("deploy.requirements: packages are installed beside the release folders; set releases as well")
    named = {"{folder}"} & {
        part for word in (*deploy.command, *deploy.way_back) for part in re.findall(r"\{\w+\}", word)
    }
    if named and releases is None:
        raise ValueError("deploy.command: {folder} is the folder of a release; set releases, or leave it out")
    return way


def _check_own(deploy: DeploySettings, way: Way | None) -> None:
    """What one way needs, and what would do nothing with another: it must not look as if it were in force."""
    if way in ("command", "webhook") and not deploy.health:
        raise ValueError(
            f"deploy.health: a {way} does not tell whether the release serves; name the address that answers 2xx "
            "when the service is well, for example http://127.0.0.1:8000/health"
        )
    if way not in ("command", "webhook"):
        for name, value in (("health", deploy.health), ("version_header", deploy.version_header)):
            if value:
                raise ValueError(
                    f"deploy.{name}: it is asked after deploy.command or deploy.webhook, and neither is set; leave it "
                    "out (a supervisor has --health)"
                )
    if deploy.canary_workers and way != "supervisor":
        raise ValueError(
            f"deploy.canary_workers: {deploy.canary_workers} workers for a canary need the supervisor, which has "
            "workers; set releases and control, or 0"
        )
    if deploy.way_back and way != "command":
        raise ValueError(
            "deploy.way_back: it is the way back of deploy.command, which is not set; set that, or leave it out"
        )
    if deploy.secret_file is not None and way != "webhook":
        raise ValueError("deploy.secret_file: it signs deploy.webhook, which is not set; set that, or leave it out")


def safe_request(pattern: str) -> str:
    """A pattern of requests that may be sent again. Raises ValueError for what is none, or holds for everything."""
    match = _SAFE_REQUEST.fullmatch(pattern)
    if match is None or match[1] not in _METHODS:
        raise ValueError(
            f"{pattern!r} is no request; write a method in capitals and a path, with * for one whole segment and "
            "without a query, for example 'POST /search' or 'PUT /reports/*/draft'"
        )
    segments = [segment for segment in match[2].split("/") if segment]
    if segments and set(segments) == {"*"} and match[1] not in ("GET", "HEAD"):
        raise ValueError(
            f"{pattern!r} holds for whatever the service does, orders and payments too; name the requests that change "
            "nothing when they are sent twice, for example 'POST /search'"
        )
    return pattern
