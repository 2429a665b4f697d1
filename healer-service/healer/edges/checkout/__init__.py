"""The repository of one service, by GitPython: a bare mirror, and what it takes to reach the repository itself."""

from healer.edges.checkout.access import ENVIRONMENT, Access
from healer.edges.checkout.mirror import REQUIREMENTS
from healer.edges.checkout.repository import Checkout
from healer.edges.checkout.seeding import SKIPPED
from healer.edges.checkout.trees import LARGEST_SOURCE

__all__ = ["ENVIRONMENT", "LARGEST_SOURCE", "REQUIREMENTS", "SKIPPED", "Access", "Checkout"]
