"""Rooms and their reservations."""
