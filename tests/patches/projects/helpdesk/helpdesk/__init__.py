"""Tickets of a help desk."""
