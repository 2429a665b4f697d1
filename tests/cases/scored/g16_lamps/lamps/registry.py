"""Lamps and the circuits that feed them."""
from dataclasses import dataclass

from .errors import HttpError, not_found


@dataclass
class Lamp:
    id: str
    street: str
    watts: int
    circuit: str
    lit: bool = False


class Registry:
    def __init__(self, circuits):
        self.lamps: dict[str, Lamp] = {}
        self.circuits: dict[str, list[str]] = {name: [] for name in circuits}

    def lamp(self, lamp_id: str) -> Lamp:
        if lamp_id not in self.lamps:
            raise not_found("lamp")
        return self.lamps[lamp_id]

    def circuit(self, name: str) -> list[str]:
        """Ids of the lamps on a circuit, in the order of their installation."""
        if name not in self.circuits:
            raise not_found("circuit")
        return self.circuits[name]

    def install(self, lamp_id: str, street: str, watts: int, circuit: str) -> Lamp:
        if lamp_id in self.lamps:
            raise HttpError(409, "lamp is installed")
        self.circuit(circuit).append(lamp_id)
        self.lamps[lamp_id] = Lamp(lamp_id, street, watts, circuit)
        return self.lamps[lamp_id]

    def rewire(self, lamp_id: str, circuit: str) -> Lamp:
        lamp = self.lamp(lamp_id)
        target = self.circuit(circuit)
        self.circuits[lamp.circuit].remove(lamp_id)
        target.append(lamp_id)
        lamp.circuit = circuit
        return lamp

    def dismantle(self, lamp_id: str) -> Lamp:
        lamp = self.lamp(lamp_id)
        del self.lamps[lamp_id]
        return lamp
