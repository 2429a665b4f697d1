"""A GitHub on loopback, held to GitHub's own descriptions: REST, GraphQL, git over HTTP and webhooks.

What is not declared is refused and remembered; nothing here knows the healer.
"""

from tests.github.fake import FakeGitHub
from tests.github.faults import Faults
from tests.github.refusals import Refused
from tests.github.repository import Repository
from tests.github.state import Pull

__all__ = ["FakeGitHub", "Faults", "Pull", "Refused", "Repository"]
