"""Serves one release of an application and changes to another without dropping a request.

`python -m selfheal.supervisor` is the command; `worker` is the child process that runs the application.
"""
