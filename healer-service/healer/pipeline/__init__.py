"""From a report to a proposal and from a merge to a healed service: the durable workflows and what starts them."""

from healer.pipeline.dispatch import Dispatch
from healer.pipeline.parts import Parts, Service
from healer.pipeline.workflows import Workflows

__all__ = ["Dispatch", "Parts", "Service", "Workflows"]
