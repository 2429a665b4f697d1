"""The terms, by key."""
from dataclasses import dataclass, field

from .errors import NotFound


@dataclass
class Term:
    name: str
    meaning: str
    see: set[str] = field(default_factory=set)

    def as_json(self) -> dict:
        return {"name": self.name, "meaning": self.meaning, "see": sorted(TERMS[k].name for k in self.see)}


TERMS: dict[str, Term] = {}


def key_of(name: str) -> str:
    return "-".join(name.lower().split())


def find(key: str) -> Term:
    term = TERMS.get(key_of(key))
    if term is None:
        raise NotFound("no such term")
    return term
