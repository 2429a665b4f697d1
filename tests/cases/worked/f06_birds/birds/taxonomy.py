"""Species and their six-letter codes.

Now and then the committee gives a species a new code. The old one keeps its meaning: field books are full of them,
so a sighting under an old code is one of the species that bears the new code today.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Species:
    code: str
    name: str
    latin: str


_SPECIES = {
    s.code: s
    for s in (
        Species("BLUTIT", "Blue tit", "Cyanistes caeruleus"),
        Species("GRETIT", "Great tit", "Parus major"),
        Species("EURJAY", "Jay", "Garrulus glandarius"),
        Species("COMREP", "Redpoll", "Acanthis flammea"),
    )
}
_REPLACED = {"PARCAE": "BLUTIT", "LESREP": "COMREP"}


def all_species() -> list[Species]:
    return sorted(_SPECIES.values(), key=lambda s: s.name)


def is_known(code: str) -> bool:
    code = code.upper()
    return code in _SPECIES or code in _REPLACED


def lookup(code: str) -> Species | None:
    return _SPECIES.get(code.upper())
