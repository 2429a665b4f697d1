"""Register of clubs and players."""
from dataclasses import dataclass


class Unknown(LookupError):
    pass


@dataclass
class Club:
    id: str
    name: str


@dataclass
class Player:
    id: str
    name: str
    rating: int
    club_id: str | None = None


class Register:
    def __init__(self, clubs, players):
        self._clubs = {c.id: c for c in clubs}
        self._players = {p.id: p for p in players}

    def player(self, id):
        if not isinstance(id, str) or id not in self._players:
            raise Unknown(f"no player {id}")
        return self._players[id]

    def club(self, id):
        if not isinstance(id, str) or id not in self._clubs:
            raise Unknown(f"no club {id}")
        return self._clubs[id]

    def club_of(self, player):
        return self._clubs.get(player.club_id)

    def players(self):
        return sorted(self._players.values(), key=lambda p: (-p.rating, p.name))


REGISTER = Register(
    [Club("rook", "Rook City"), Club("mill", "Old Mill"), Club("pawn", "Pawn Stars")],
    [
        Player("ada", "Ada", 2010, "rook"),
        Player("ben", "Ben", 1890, "mill"),
        Player("cai", "Cai", 1950, "rook"),
        Player("dot", "Dot", 1720, "mill"),
        Player("eve", "Eve", 2100),
        Player("fay", "Fay", 1500, "pawn"),
    ],
)
