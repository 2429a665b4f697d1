from itertools import count

from .errors import PetError
from .models import Sitter


class Store:
    def __init__(self):
        self.clear()

    def clear(self):
        self._ids = count(1)
        self._sitters: dict[int, Sitter] = {}

    def add(self, sitter: Sitter) -> Sitter:
        sitter.id = next(self._ids)
        self._sitters[sitter.id] = sitter
        return sitter

    def sitter(self, sitter_id: int) -> Sitter:
        if sitter_id not in self._sitters:
            raise PetError("unknown-sitter", "no such sitter", 404)
        return self._sitters[sitter_id]

    def all(self) -> list[Sitter]:
        return list(self._sitters.values())


store = Store()
