"""The image's entry point: steps down from root, then becomes `python -m llm_service`. Imports nothing of the service.

It serves as the service's own user. `pull` runs as the owner of the models folder, so that the file is the owner's too.
In both cases no capability is left, and no way to get one again.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_SERVICE = 10001
_MODELS = Path("/srv/models")
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
_SETS = ("CapInh:", "CapPrm:", "CapEff:", "CapAmb:")


class StepDownError(Exception):
    """One sentence with the remedy."""


def main(arguments: list[str]) -> None:
    try:
        if os.geteuid() == 0:
            step_down(*identity(arguments, _MODELS))
        give_up_capabilities()
    except (OSError, StepDownError) as error:
        sys.exit(f"llm-service: cannot step down from root: {error}; start it as docker-compose.yml does")
    # Not called but executed: until then the kernel keeps the /proc files of a process that changed its user for root.
    os.execv(sys.executable, [sys.executable, "-m", "llm_service", *arguments])  # noqa: S606 - no shell is wanted


def identity(arguments: list[str], models: Path) -> tuple[int, int]:
    """User and group to run as."""
    if arguments[:1] != ["pull"]:
        return _SERVICE, _SERVICE
    status = models.stat()
    return status.st_uid, status.st_gid


def step_down(user: int, group: int) -> None:
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def give_up_capabilities() -> None:
    """Raises StepDownError when one is left all the same."""
    library = ctypes.CDLL(None, use_errno=True)
    # Where the owner of the models is root, the exec would otherwise give them back.
    if library.prctl(_PR_SET_NO_NEW_PRIVS, *(ctypes.c_ulong(value) for value in (1, 0, 0, 0))):
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS is refused")
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if library.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset is refused")
    require_none(_capabilities())


def require_none(sets: dict[str, str]) -> None:
    left = {name: value for name, value in sets.items() if int(value, 16)}
    if left:
        raise StepDownError(f"capabilities are left: {left}")


def _capabilities() -> dict[str, str]:
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {line[0]: line[1] for line in lines if line and line[0] in _SETS}


if __name__ == "__main__":
    main(sys.argv[1:])
