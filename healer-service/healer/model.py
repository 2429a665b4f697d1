"""The words of the domain as frozen dataclasses, and the error tree.

Standard library only; no behaviour beyond small look-ups.

Errors:

    HealerError
     ├── BadInput          what came from outside cannot be used; names the field, the value and the remedy
     ├── Unauthorised      the key or token is missing or wrong
     ├── NotFound          no such service, incident or proposal
     ├── Conflict          the action does not fit the state the incident is in
     ├── UnusableAnswer    what the model wrote cannot become a candidate; the message says why
     └── EdgeError         something outside failed; it may work again later
          ├── CheckoutError     git
          ├── SandboxError      the sandbox itself, never the code in it
          ├── ForgeError        where the proposals are
          ├── LlmError          the model's server
          ├── DeploymentError   the supervisor of a service
          └── StoreError        the healer's own database
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class HealerError(Exception):
    """Base of every error this project raises on purpose."""


class BadInput(HealerError):
    pass


class Unauthorised(HealerError):
    pass


class NotFound(HealerError):
    pass


class Conflict(HealerError):
    pass


class UnusableAnswer(HealerError):
    pass


class EdgeError(HealerError):
    pass


class CheckoutError(EdgeError):
    pass


class SandboxError(EdgeError):
    pass


class LlmError(EdgeError):
    def __init__(self, message: str, wait: float | None = None) -> None:
        """`wait`: seconds after which asking again makes sense; None where only a person can help."""
        super().__init__(message)
        self.wait = wait


class ForgeError(EdgeError):
    def __init__(self, message: str, wait: float | None = None) -> None:
        """`wait`: seconds before which asking again is useless (a rate limit); None where it is not known."""
        super().__init__(message)
        self.wait = wait


class DeploymentError(EdgeError):
    pass


class StoreError(EdgeError):
    pass


class State(StrEnum):
    """Where an incident is, in the order of its way; ENDS come last."""

    OPEN = "open"
    DIAGNOSING = "diagnosing"
    REPAIRING = "repairing"
    PROPOSED = "proposed"
    MERGED = "merged"
    RELEASING = "releasing"
    SOAKING = "soaking"
    RESOLVED = "resolved"
    DECLINED = "declined"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"
    REGRESSED = "regressed"


ENDS = frozenset({State.RESOLVED, State.DECLINED, State.REJECTED, State.ROLLED_BACK, State.REGRESSED})


PYTHON = "python"  # the one platform whose code can be repaired


class Answer(StrEnum):
    """The kind of answer a maintainer would want where the service crashed."""

    REFUSE = "refuse"  # bad input: a 4xx in the style of the code around it
    NOT_FOUND = "not_found"  # a missing record: 404
    NATURAL_VALUE = "natural_value"  # nothing has a natural value: 0, [], None, ""
    CONVERT = "convert"  # the right value in the wrong type
    CORRECT = "correct"  # the logic itself is wrong
    NONE = "none"  # no code change is right


@dataclass(frozen=True)
class ExceptionInfo:
    type: str  # bare class name
    message: str
    module: str = "builtins"
    bases: tuple[str, ...] = ()  # class names of the MRO, most derived first; may be empty

    def is_a(self, name: str) -> bool:
        return name == self.type or name in self.bases


@dataclass(frozen=True)
class Frame:
    """One call on the stack. Files of the service are relative to its repository, with forward slashes."""

    file: str
    line: int
    function: str
    in_app: bool
    source: str = ""  # the line itself, stripped
    context: Mapping[int, str] = field(default_factory=dict)  # line number -> line
    locals: Mapping[str, str] = field(default_factory=dict)  # name -> bounded, redacted repr
    path: str = ""  # where the file stood on the machine that crashed, when its reporter says so


@dataclass(frozen=True)
class Linked:
    """Another exception of the same crash: what it came from, or what was raised beside it."""

    relation: str  # cause (raise … from) | context (while handling it) | group | member
    exception: ExceptionInfo
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True)
class Request:
    """An HTTP request as it can be sent again. `path` includes the query string."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    body_kind: str = "none"  # none | json | form | text | base64
    body: Any = None
    status: int | None = None  # what was answered when it was recorded
    ids: Mapping[str, Any] = field(default_factory=dict)  # JSON pointer -> identifier in the recorded answer
    truncated: bool = False  # the body is not whole, so the request cannot be sent again

    @property
    def route(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass(frozen=True)
class Report:
    """One occurrence of an exception. Frames are ordered oldest first. Everything in it is untrusted text."""

    report_id: str
    service: str
    received_at: str  # RFC 3339, UTC
    exception: ExceptionInfo
    frames: tuple[Frame, ...]
    request: Request | None = None
    earlier_requests: tuple[Request, ...] = ()  # oldest first
    release: str | None = None  # commit that was running
    entry: str | None = None  # "module:attribute" of the application
    framework: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    suppressed: int = 0  # further occurrences that the client counted without sending them
    memory_mb: int | None = None  # memory limit in force when it crashed
    chain: tuple[Linked, ...] = ()  # nearest first
    platform: str = PYTHON  # the language it was written in: python, node, go, …
    client: str = ""  # what reported it, with its version
    approximate: bool = (
        False  # by a client that leaves out what a true replay needs: cookies, whole bodies, set-up requests
    )
    mechanism: str = ""  # what caught it: asgi, wsgi, logging, thread, …
    handled: bool = False  # the service went on: it was logged, or reported by hand
    versions: Mapping[str, str] = field(default_factory=dict)  # of the interpreter and what was on the stack
    lost: Mapping[str, int] = field(default_factory=dict)  # crashes that the client had to drop before, by why

    @property
    def app_frames(self) -> tuple[Frame, ...]:
        return tuple(frame for frame in self.frames if frame.in_app)


@dataclass(frozen=True)
class Site:
    """A place in the service's source. `line` counts from 1."""

    file: str
    line: int
    function: str
    why: str = ""


@dataclass(frozen=True)
class Suspect:
    """The commit that last touched a place. The author's address is left behind: this goes to pages and proposals."""

    commit: str
    author: str
    date: str  # RFC 3339, UTC
    summary: str


@dataclass(frozen=True)
class Step:
    """One place that the bad value passed on its way to the crash."""

    file: str
    line: int
    function: str
    what: str  # read | assigned | passed | returned
    code: str  # the line, stripped and bounded


@dataclass(frozen=True)
class Diagnosis:
    category: str  # e.g. "none-dereference", "missing-key"; the playbooks name the ones they serve
    cause: str  # one sentence a person understands, under 30 words
    fault: Site  # the innermost frame of the service
    fix_sites: tuple[Site, ...]  # best first
    answer: Answer
    confidence: float  # 0..1
    risk: float  # 0..1
    expression: str = ""  # source of the expression that failed, e.g. "user.team.name"
    culprit: str = ""  # the part of it that had the bad value, e.g. "user.team"
    decline_reason: str = ""  # set when no code change is right
    siblings: tuple[Site, ...] = ()  # the same pattern elsewhere in the module; reported, never patched unasked
    suspect: Suspect | None = None
    value: str = ""  # what the culprit was, as the report shows it; "" where it does not tell
    origins: tuple[str, ...] = ()  # what the bad value was taken from, in words
    trail: tuple[Step, ...] = ()  # the places it passed, from the crash back
    confidence_parts: tuple[Part, ...] = ()
    risk_parts: tuple[Part, ...] = ()


def _lines(text: str) -> list[str]:
    """As git counts them; str.splitlines would also cut at form feeds and Unicode separators."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


@dataclass(frozen=True)
class Change:
    file: str
    before: str  # whole text
    after: str
    before_mode: str = "100644"  # as git names it; "" where there is no file
    after_mode: str = "100644"

    @property
    def diff(self) -> str:
        lines = difflib.unified_diff(_lines(self.before), _lines(self.after), f"a/{self.file}", f"b/{self.file}")
        return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)


@dataclass(frozen=True)
class Candidate:
    """A patch not yet judged."""

    origin: str  # playbook's name, or model's name and file hash
    summary: str  # what it does, one sentence in the imperative mood
    changes: tuple[Change, ...]
    answer: Answer = Answer.CORRECT
    fit: float = 0.5  # 0..1, how well it follows the conventions of the code around it
    note: str = ""  # the cause in the model's own words; untrusted
    engine: str = "playbook"  # playbook | llm | person (who amended a proposal)

    @property
    def approach(self) -> str:
        """What an outcome teaches about: a playbook's way to answer, or a model's file with all its answers."""
        return self.origin if self.engine == "llm" else f"{self.origin} ({self.answer.value.replace('_', ' ')})"

    @property
    def diff(self) -> str:
        """Unified, with a/ and b/ paths."""
        return "".join(change.diff for change in self.changes)


@dataclass(frozen=True)
class Message:
    """One turn of a chat, as the OpenAI-compatible API takes it."""

    role: str  # system | user | assistant
    content: str


@dataclass(frozen=True)
class Prompt:
    """A question to the model: rewrite one function."""

    messages: tuple[Message, ...]
    answer_tokens: int  # the most an answer may have
    tokens: int = 0  # of the messages, by the tokenizer that was asked
    left_out: tuple[str, ...] = ()  # names of the parts that found no room


@dataclass(frozen=True)
class Rewrite:
    """What a model's answer says, read out of whatever form it came in."""

    sentence: str  # the cause as the model names it; may be empty
    function: str  # source of one function definition, without indentation of its own
    imports: tuple[str, ...] = ()  # import statements that came with it, one line each


@dataclass(frozen=True)
class Finding:
    """A guardrail that a candidate broke."""

    rule: str
    number: int
    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class Exchange:
    """A request and what the service made of it, in the sandbox or live; or a call of one function and its value."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    exception: ExceptionInfo | None = None
    frames: tuple[Frame, ...] = ()
    seconds: float = 0.0
    value: str | None = None  # bounded repr of what the call returned

    @property
    def crashed(self) -> bool:
        if self.exception is not None or self.status == 500:
            return True
        return self.status is None and self.value is None


@dataclass(frozen=True)
class Call:
    """A function of the service with the arguments a report shows, to be called where no request shows the crash."""

    file: str
    function: str  # qualified name within the module
    arguments: Mapping[str, str]  # parameter -> Python literal


@dataclass(frozen=True)
class Replay:
    """The set-up requests and the failing one, run against one version of the code."""

    problem: str  # "" when it ran; else why it did not: "import: …", "timeout", "out of memory", …
    exchanges: tuple[Exchange, ...] = ()
    seconds: float = 0.0
    isolation: tuple[str, ...] = ()
    ran: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # file -> lines that ran, of those asked about

    @property
    def last(self) -> Exchange | None:
        return self.exchanges[-1] if self.exchanges and not self.problem else None


@dataclass(frozen=True)
class Suite:
    """One run of the service's own tests."""

    problem: str
    outcomes: Mapping[str, str] = field(default_factory=dict)  # test id -> passed | failed | skipped | error
    output: str = ""
    seconds: float = 0.0
    ran: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # file -> lines that ran, of those asked about


@dataclass(frozen=True)
class Regression:
    """A test of the failing request in the repository's own style, written for a proposal."""

    change: Change  # a new file, or an existing one with the test at its end
    test: str  # its id, as pytest names it
    before: str = ""  # outcome on the code as it was: passed | failed | error | …
    after: str = ""  # outcome on the patched code


@dataclass(frozen=True)
class Difference:
    """What a recorded request is answered otherwise after the patch."""

    request: str  # as "GET /orders"
    what: str  # as "status 200, now 404" or "body: /items/0/total is gone"
    matters: bool = True  # status or shape; False for another value of the same shape


@dataclass(frozen=True)
class Evidence:
    before: Replay
    after: Replay | None = None
    tests_before: Suite | None = None
    tests_after: Suite | None = None
    shown_by: str = "request"  # what shows the crash: request | call
    shown_with: str = ""  # which one, as "GET /orders" or "shop/rates.py: vat(country=None)", clipped
    differences: tuple[Difference, ...] = ()  # in the answers to recorded good traffic
    not_run: tuple[Site, ...] | None = None  # changed lines that nothing ran; None where that was not measured
    regression: Regression | None = None
    unsteady: tuple[str, ...] = ()  # what came out differently in runs of the same code


@dataclass(frozen=True)
class Part:
    """One reason for a score, with what it adds or takes away."""

    name: str
    points: float
    why: str


@dataclass(frozen=True)
class Assessment:
    """How far a verdict may be trusted, and what is at stake; never shown without the parts."""

    confidence: float  # 0..1, the sum of its parts
    risk: float  # 0..1, the sum of its parts
    confidence_parts: tuple[Part, ...]
    risk_parts: tuple[Part, ...]


@dataclass(frozen=True)
class Verdict:
    candidate: Candidate
    accepted: bool
    reason: str
    findings: tuple[Finding, ...] = ()
    evidence: Evidence | None = None
    seconds: float = 0.0
    assessment: Assessment | None = None


@dataclass(frozen=True)
class Proposal:
    incident_id: str
    number: int  # on its forge; 0 while it is not there yet
    service: str
    branch: str
    base: str  # branch it is to be merged into
    head_sha: str
    title: str
    body: str
    url: str
    state: str = "open"  # prepared (not on the forge yet) | open | merged | closed
    merge_sha: str | None = None
    draft: bool = False  # there is something a person should look at before it counts as a proposal


@dataclass(frozen=True)
class Remark:
    """What somebody said about a proposal."""

    id: str  # unique within the service, and the same each time it is read
    kind: str  # comment | changes (a review that asks for them) | approval | reply (the healer's own)
    by: str  # login
    text: str  # of a review with the comments on its lines
    at: str  # RFC 3339, UTC


class Outcome(StrEnum):
    """What became of a proposal in the end."""

    MERGED = "merged"
    CHANGED = "changed"  # merged, but not as it was proposed
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"  # merged, and then taken back or outlived by the crash
    OBSOLETE = "obsolete"  # the crash went away without it


@dataclass(frozen=True)
class Outcomes:
    """How often each outcome was that of an approach's proposals, for one category of failure in one service."""

    merged: int = 0
    changed: int = 0
    rejected: int = 0
    rolled_back: int = 0
    obsolete: int = 0


@dataclass(frozen=True)
class PastFix:
    """A fix that was merged as it was proposed and stayed."""

    category: str
    exception_type: str
    diff: str


@dataclass(frozen=True)
class Event:
    """One line of the append-only log."""

    id: int
    type: str
    key: str  # what it is about: an incident's id or "service/<name>"
    payload: Mapping[str, Any]
    timestamp: str
    trace_id: str
    ui_hint: str  # the lane of the page: execution | reasoning | patch | control


@dataclass(frozen=True)
class Probe:
    """A request that a release is asked before its first user, or again while it runs."""

    request: Request
    below: int = 500  # an answer with this status or above speaks against the release


@dataclass(frozen=True)
class Watch:
    """Requests that are waited for because they cannot be sent again; `*` in the path stands for one segment."""

    method: str
    path: str


@dataclass(frozen=True)
class Traffic:
    """What users got from one release since it began to serve."""

    requests: int = 0
    failed: int = 0  # answered with 5xx, or not at all
    p50: float = 0.0  # seconds until the answer begins
    p99: float = 0.0
    watched: int = 0  # of the requests that were waited for: answered below 500
    watched_failed: int = 0


@dataclass(frozen=True)
class Serving:
    """What a service's deployment says of itself."""

    release: str | None  # what new requests get, but for a canary's share
    state: str  # serving | changing | waiting (nothing can be served) | unhealthy
    canary: str | None = None  # the release that has a share beside it
    fell_back: str = ""  # why it left the last release that it was told to serve; "" when it did not
    traffic: Mapping[str, Traffic] = field(default_factory=dict)  # release -> what users got from it


@dataclass(frozen=True)
class Changed:
    """What became of the order to serve a release."""

    ok: bool
    release: str | None  # what serves now
    previous: str | None = None
    reason: str = ""
    seconds: float = 0.0
