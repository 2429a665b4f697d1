"""Toll stations."""
