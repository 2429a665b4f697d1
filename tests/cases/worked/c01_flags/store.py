"""Flags are few; they live in memory and are seeded at start."""
from dataclasses import dataclass, field


class Problem(Exception):
    """An answer to the client that is not a success."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Flag:
    key: str
    on: bool = False
    rollout: int = 100
    requires: list = field(default_factory=list)


class FlagStore:
    def __init__(self):
        self.flags = {}

    def add(self, key, **values):
        self.flags[key] = Flag(key, **values)
        return self.flags[key]

    def get(self, key):
        if key not in self.flags:
            raise Problem(404, "no such flag")
        return self.flags[key]

    def remove(self, key):
        del self.flags[key]

    def all(self):
        return sorted(self.flags.values(), key=lambda f: f.key)
