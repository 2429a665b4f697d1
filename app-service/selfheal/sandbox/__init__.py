"""Runs jobs on code nobody trusts yet: a fork server on a Unix socket, one job a connection, each in its own jail.

It judges no answer; whoever sent the job does.
"""
