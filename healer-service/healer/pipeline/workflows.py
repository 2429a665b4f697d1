"""The durable workflows: heal() from a report to a proposal, and recheck() when somebody has added to one.

Each reads as the story; what the steps do is in healing and rechecking. Steps run at least once, so each looks first.
What comes after a merge is no workflow: a release waits, for people and machines, longer than one should run.
"""

from __future__ import annotations

from dbos import DBOS, DBOSConfiguredInstance, SetWorkflowID

from healer.edges.store import Incident
from healer.pipeline import healing, rechecking
from healer.pipeline.memory import Memory
from healer.pipeline.parts import Parts
from healer.pipeline.stage import stage

# Counts restarts of the healer while the workflow runs; one that takes the process down with it ends here.
MOST_RECOVERIES = 20


def begin(workflow_id: str, workflow: object, incident: Incident) -> None:
    """Start a workflow about an incident's attempt. One of this id that was begun before is not begun again."""
    with SetWorkflowID(workflow_id):
        DBOS.start_workflow(workflow, incident.id, incident.attempt)  # type: ignore[arg-type]


@DBOS.dbos_class()
class Workflows(DBOSConfiguredInstance):
    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.memory = Memory()
        super().__init__("healer")

    @DBOS.workflow(name="heal", max_recovery_attempts=MOST_RECOVERIES)
    def heal(self, incident_id: str, attempt: int) -> str:
        reason = (
            self.fetch(incident_id, attempt)
            or self.reproduce(incident_id, attempt)
            or self.diagnose(incident_id, attempt)
            or self.repair(incident_id, attempt)
            or self.propose(incident_id, attempt)
        )
        return self.decline(incident_id, attempt, reason) if reason else "proposed"

    @DBOS.workflow(name="recheck", max_recovery_attempts=MOST_RECOVERIES)
    def recheck(self, incident_id: str, attempt: int) -> str:
        reason = self.prove_again(incident_id, attempt)
        self.end_recheck(incident_id, attempt, reason)
        return reason

    @DBOS.workflow(name="release", max_recovery_attempts=MOST_RECOVERIES)
    def release(self, incident_id: str, attempt: int) -> str:
        """Begun by a healer of an earlier version and interrupted: the rollout goes on from what the store says."""
        return "left to the rollout"

    @DBOS.workflow(name="roll_back", max_recovery_attempts=MOST_RECOVERIES)
    def roll_back(self, incident_id: str, attempt: int, reason: str) -> str:
        """As `release`."""
        return "left to the rollout"

    @DBOS.step()
    @stage("fetch")
    def fetch(self, incident_id: str, attempt: int) -> str:
        return healing.fetch(self.parts, incident_id)

    @DBOS.step()
    @stage("reproduce")
    def reproduce(self, incident_id: str, attempt: int) -> str:
        return healing.reproduce(self.parts, self.memory, incident_id)

    @DBOS.step()
    @stage("diagnose")
    def diagnose(self, incident_id: str, attempt: int) -> str:
        return healing.diagnose(self.parts, self.memory, incident_id)

    @DBOS.step()
    @stage("repair")
    def repair(self, incident_id: str, attempt: int) -> str:
        return healing.repair(self.parts, self.memory, incident_id)

    @DBOS.step()
    @stage("propose")
    def propose(self, incident_id: str, attempt: int) -> str:
        return healing.propose(self.parts, incident_id, attempt)

    @DBOS.step()
    def decline(self, incident_id: str, attempt: int, reason: str) -> str:
        return healing.decline(self.parts, incident_id, reason)

    @DBOS.step()
    @stage("recheck")
    def prove_again(self, incident_id: str, attempt: int) -> str:
        return rechecking.prove_again(self.parts, self.memory, incident_id)

    @DBOS.step()
    def end_recheck(self, incident_id: str, attempt: int, reason: str) -> None:
        rechecking.end(self.parts, incident_id, reason)
