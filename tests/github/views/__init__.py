"""How GitHub's REST API shows things: the fake's objects as the JSON that the description declares.

They decide nothing; what they make is held against the description before it is sent.
"""

from tests.github.views.code import (
    branch,
    changes,
    check_run,
    commit,
    entry,
    file,
    protection,
    reference,
    short_branch,
    status,
)
from tests.github.views.common import fitted, node_id
from tests.github.views.discussion import (
    comment,
    issue,
    label,
    line_comment,
    minimal_pull,
    reaction,
    reactions,
    review,
    simple_pull,
    whole_pull,
)
from tests.github.views.people import (
    association,
    hook,
    organization,
    permissions,
    person,
    repository,
    team,
    user,
    whole_user,
)

__all__ = [
    "association",
    "branch",
    "changes",
    "check_run",
    "comment",
    "commit",
    "entry",
    "file",
    "fitted",
    "hook",
    "issue",
    "label",
    "line_comment",
    "minimal_pull",
    "node_id",
    "organization",
    "permissions",
    "person",
    "protection",
    "reaction",
    "reactions",
    "reference",
    "repository",
    "review",
    "short_branch",
    "simple_pull",
    "status",
    "team",
    "user",
    "whole_pull",
    "whole_user",
]
