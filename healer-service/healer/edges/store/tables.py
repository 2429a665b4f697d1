"""The tables of the healer's own database. Times are RFC 3339 text in UTC, so that they sort and travel as they are."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

services = Table(
    "services",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),  # the project id of a DSN
    Column("key", String(64), nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("service", String(63), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("exception_type", Text, nullable=False),
    Column("exception_message", Text, nullable=False),
    Column("fault_file", Text),
    Column("fault_line", Integer),
    Column("fault_function", Text),
    Column("route", Text),
    Column("count", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("first_seen", String(32), nullable=False),
    Column("last_seen", String(32), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("attempt", Integer, nullable=False, default=1),  # names the heal workflow; a retry raises it
    Column("diagnosis", JSON),
    Column("base", String(64)),  # the commit that the running attempt works on
    Column("feedback", Text),  # what a person asked of the running attempt; null when it is nobody's wish
    Column("origin", Text),
    Column("release", String(64)),  # the commit that carries the fix, once it is live
    Column("soak_until", Float),  # Unix time
    Column("opened_on", String(64)),  # the release that its first report came from
    Column("own", Boolean, nullable=False, server_default=true()),  # it went through the service's own code
    Column("category", String(63), nullable=False, server_default=""),  # of the diagnosis
    Column("opened_at", String(32), nullable=False, server_default=""),  # when what is now being healed began
    Column("proposed_at", String(32)),  # of the same; null until then
    Column("healed_at", String(32)),  # likewise
    Index(None, "service", "fingerprint", unique=True),
    Index(None, "service", "first_seen"),
    Index(None, "service", "last_seen"),
    Index(None, "service", "state"),
    Index(None, "state"),
    Index(None, "last_seen"),
    Index(None, "first_seen"),
    Index(None, "category", "last_seen"),  # else one that few or none have is looked for in all rows
)

reports = Table(
    "reports",
    metadata,
    Column("id", String(64), primary_key=True),  # a hash, as in `seen`
    Column("incident_id", String(16), ForeignKey("incidents.id"), nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("body", JSON, nullable=False),
    Index(None, "incident_id", "received_at"),
)

# The ids of the reports that were counted lately, kept or not: what is sent twice counts once.
seen = Table(
    "seen",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),  # a hash of the service's name and its own id for it
    Column("incident_id", String(16), ForeignKey("incidents.id"), nullable=False),
    Index(None, "incident_id", "number"),
)

# The releases that reported a crash again whose fix may be with the users, each at its newest report.
comebacks = Table(
    "comebacks",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("incident_id", String(16), ForeignKey("incidents.id"), nullable=False),
    Column("release", String(64), nullable=False),
    Column("received_at", String(32), nullable=False),
    Index(None, "incident_id", "release", unique=True),
    sqlite_autoincrement=True,  # whoever reads on by number would miss one that is given again
)

# How often an incident was reported in an hour: what draws its sparkline.
occurrences = Table(
    "occurrences",
    metadata,
    Column("incident_id", String(16), ForeignKey("incidents.id"), primary_key=True),
    Column("hour", Integer, primary_key=True, autoincrement=False),  # since 1970
    Column("count", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Index(None, "hour"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("type", String(64), nullable=False),
    Column("key", String(80), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("timestamp", String(32), nullable=False),
    Column("trace_id", String(32), nullable=False),
    Column("ui_hint", String(16), nullable=False),
    Column("once", String(200), unique=True),  # a step that runs again writes its event once
    Column("digest", String(64), nullable=False, server_default=""),  # over this row and the digest before it
    Index(None, "key"),
    Index(None, "key", "type", "id"),  # else SQLite, which counts nothing, reads all of a type for those of one key
    Index(None, "type", "id"),
    sqlite_autoincrement=True,
)

# One row: where the event log ends. Whoever appends holds it, so the order of ids is the order of the chain.
chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("last_id", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)

# How far somebody who follows the log has come: what was told is not told again after a kill.
marks = Table(
    "marks",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("event_id", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
)

# Browsers that are signed in. What their cookies hold is not kept, only a hash of it.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("role", String(16), nullable=False),  # operator | viewer
    Column("token", String(64), nullable=False),  # a hash of the token that opened it: another token ends it
    Column("made_at", String(32), nullable=False),
    Column("expires_at", String(32), nullable=False),
    Index(None, "expires_at"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("incident_id", String(16), ForeignKey("incidents.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),  # order in which the candidates were tried
    Column("candidate", JSON, nullable=False),
    Column("verdict", JSON),  # null until it is judged
    Column("chosen", Boolean, nullable=False, default=False),
)

# What is wanted of each proposal, and as far as `pushed_sha`, `told` and `seen` say, what its forge has of it.
proposals = Table(
    "proposals",
    metadata,
    Column("branch", String(100), primary_key=True),
    Column("service", String(63), nullable=False),
    Column("number", Integer),  # on its forge; null until it is there
    Column("incident_id", String(16), ForeignKey("incidents.id"), nullable=False),
    Column("attempt", Integer, nullable=False),  # whose candidate it holds; a round raises it
    Column("base", Text, nullable=False),
    Column("base_sha", String(64), nullable=False, server_default=""),  # commit that the evidence is about
    Column("head_sha", String(64), nullable=False),
    Column("pushed_sha", String(64), nullable=False, server_default=""),  # what the healer last put there
    Column("pushed_at", String(32)),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("told", String(64), nullable=False, server_default=""),  # digest of the title and body that it has
    Column("diff", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", String(16), nullable=False),  # prepared | open | merged | closed
    Column("closing", Text, nullable=False, server_default=""),  # why it is to be closed, and is not yet
    Column("merge_sha", String(64)),
    Column("created_at", String(32), nullable=False),
    Column("closed_at", String(32)),
    Column("approach", Text, nullable=False, server_default=""),  # of the candidate
    Column("category", String(63), nullable=False, server_default=""),  # of the diagnosis
    Column("outcome", String(16)),  # what became of it in the end; null until then
    Column("draft", Boolean, nullable=False, server_default=false()),
    Column("rounds", Integer, nullable=False, server_default="0"),  # that reviews asked for
    Column("amended", Boolean, nullable=False, server_default=false()),  # others added commits
    Column("recheck", JSON),  # of what they added last, see Recheck
    Column("forge_draft", Boolean, nullable=False, server_default=false()),  # it is a draft there now
    Column("readied", Boolean, nullable=False, server_default=false()),  # once; a person may make it a draft again
    Column("reviewer", Text, nullable=False, server_default=""),  # who was asked; "-" when nobody can be
    Column("seen", String(64), nullable=False, server_default=""),  # the forge's time of the last change worked
    Index(None, "service", "number", unique=True),
    Index(None, "incident_id"),
    Index(None, "state"),
    Index(None, "service", "category"),
    # All that the statistics ask for: the rows themselves are long.
    Index(None, "created_at", "category", "approach", "outcome", "state"),
)

remarks = Table(
    "remarks",
    metadata,
    Column("service", String(63), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("branch", String(100), nullable=False),
    Column("kind", String(16), nullable=False),  # comment | changes | approval | reply
    Column("by", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("taken_at", String(32), nullable=False),  # in this order they were learnt of; `at` has whole seconds only
    Column("worked", Boolean, nullable=False),  # obeyed or left alone; a reply: posted
    Index(None, "branch"),
    Index(None, "worked"),
)

releases = Table(
    "releases",
    metadata,
    Column("service", String(63), primary_key=True),
    Column("commit", String(64), primary_key=True),
    Column("incident_id", String(16)),
    Column("origin", String(16), nullable=False, server_default="proposal"),  # first | proposal | push | revert
    Column("state", String(16), nullable=False),  # see Release
    Column("previous", String(64)),  # what served when it went live, and what is gone back to
    Column("reason", Text, nullable=False, default=""),
    Column("at", String(32), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_try", Float, nullable=False, server_default="0"),  # Unix time
    Column("live_at", String(32)),
    Column("until", Float),  # Unix time; end of the canary's share, then of the soak; null when it is not watched
    Column("before", JSON),  # what users got from the release before, and how many crashes were known
    Column("target", String(64)),  # what to go back to, when it is not `previous`
    Column("left_by", Text, nullable=False, server_default=""),  # the person who had it left; "" for the healer itself
    Index(None, "service", "state"),
)

# Proposals that take a release's commits back. They belong to a release; what it was to heal has a proposal of its own.
reverts = Table(
    "reverts",
    metadata,
    Column("service", String(63), primary_key=True),
    Column("commit", String(64), primary_key=True),  # the release that is taken back
    Column("incident_id", String(16)),
    Column("branch", String(100), nullable=False, unique=True),
    Column("base", Text, nullable=False),
    Column("head_sha", String(64), nullable=False),
    Column("number", Integer),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("diff", Text, nullable=False),
    Column("url", Text, nullable=False, server_default=""),
    Column("state", String(16), nullable=False),  # prepared | open | merged | closed
    Column("merge_sha", String(64)),
    Column("by", Text, nullable=False, server_default=""),  # who merged or closed it
    Column("closing", Text, nullable=False, server_default=""),  # why it is to be closed, and is not yet
    Column("created_at", String(32), nullable=False),
    Index(None, "state"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(64), primary_key=True),  # X-GitHub-Delivery
    Column("received_at", String(32), nullable=False),
    Column("event", String(64), nullable=False),
    Column("body", JSON, nullable=False),
    Column("worked", Boolean, nullable=False, default=False),
)
