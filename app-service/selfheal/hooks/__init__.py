"""The ways in, one per file, each handing exceptions to the client. None of them keeps an exception from going on.

Those in beside.py need no place in the application: init() attaches them. Middleware and jobs are put in place by hand.
"""
