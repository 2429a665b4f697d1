"""What can be read from a service's source text: calls, origins of values, conventions.

It decides nothing and runs nothing.
"""
