"""Switching and the figures of the control room."""
from .registry import Registry


def switch(registry: Registry, circuit: str, lit: bool) -> int:
    """Switches a whole circuit; how many lamps changed."""
    changed = 0
    for lamp_id in registry.circuit(circuit):
        lamp = registry.lamps[lamp_id]
        changed += lamp.lit != lit
        lamp.lit = lit
    return changed


def load(registry: Registry, circuit: str) -> dict:
    """Watts now and with everything on."""
    fitted = [registry.lamps[lamp_id] for lamp_id in registry.circuit(circuit)]
    return {"circuit": circuit, "now": sum(l.watts for l in fitted if l.lit), "full": sum(l.watts for l in fitted)}
