"""All probes, in the order in which they are tried: what could hurt most comes after its limit was seen to hold."""

from tests.escapes.probes.environment import ENVIRONMENT
from tests.escapes.probes.exhaustion import DISK, FORKS, MEMORY
from tests.escapes.probes.files import FILES
from tests.escapes.probes.flooding import OUTPUT, TIME
from tests.escapes.probes.leftovers import DAEMONS, NEXT_JOB, RESULT
from tests.escapes.probes.network import NETWORK
from tests.escapes.probes.processes import PRIVILEGES, PROCESSES
from tests.escapes.probes.verdict import VERDICT

ALL = (
    *NETWORK,
    *ENVIRONMENT,
    *FILES,
    *PROCESSES,
    *PRIVILEGES,
    *DAEMONS,
    *NEXT_JOB,
    *RESULT,
    *VERDICT,
    *OUTPUT,
    *TIME,
    *FORKS,
    *MEMORY,
    *DISK,
)
