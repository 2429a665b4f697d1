"""Replays recorded requests against an application in this very process, and runs its tests.

It isolates nothing: the sandbox does, and calls it in there.
"""
