"""The REST API by subject; importing a module registers what it serves."""

from tests.github.routes import code, people, pulls, talk

__all__ = ["code", "people", "pulls", "talk"]
