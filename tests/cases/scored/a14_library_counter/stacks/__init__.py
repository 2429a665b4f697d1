"""Catalogue, patrons, loans and holds on SQLite."""
