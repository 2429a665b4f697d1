"""Hostile code in a sandbox of this machine: each probe is contained within five seconds, and the next job is clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.escapes.local import ORDINARY_USER, command_as, local_ground
from tests.escapes.probe import Probe
from tests.escapes.probes import ALL
from tests.escapes.runner import Ground

# Where it matters that a job of an ordinary user is no other user than the sandbox itself.
_OF_ONE_USER = ("environment", "files outside", "other processes", "processes without end", "memory", "disk")
_CASES = [(None, probe) for probe in ALL] + [(ORDINARY_USER, probe) for probe in ALL if probe.category in _OF_ONE_USER]


@pytest.fixture(scope="module")
def grounds() -> Iterator[Callable[[int | None], Ground]]:
    """Each is started when the first probe asks for it, and serves all of them."""
    with ExitStack() as ending:

        @cache
        def of(user: int | None) -> Ground:
            command = command_as(user)
            if command is None:
                pytest.skip("no interpreter that an ordinary user may run, or no way to become one")
            return ending.enter_context(local_ground(command))

        yield of


def _named(value: object) -> str:
    if isinstance(value, Probe):
        return f"{value.category}-{value.name}".replace(" ", "-")
    return "this-user" if value is None else "ordinary-user"


@pytest.mark.parametrize(("user", "probe"), _CASES, ids=_named)
def test_it_is_contained(grounds: Callable[[int | None], Ground], user: int | None, probe: Probe) -> None:
    ground = grounds(user)
    missing = set(probe.needs) - ground.measures
    if missing:
        pytest.skip(f"not tried, for it might succeed; not in force here: {', '.join(sorted(missing))}")
    if probe.kind == "tests" and not ground.has_pytest:
        pytest.skip("the interpreter has no pytest")
    assert ground.harm(probe) == []


def test_there_are_enough_of_them() -> None:
    assert len({(probe.category, probe.name) for probe in ALL}) == len(ALL) >= 40
