"""From a report to a proposal and from a merge to a healed service: the durable workflows and what starts them.

It imports none of them: a repair without a server needs no workflow engine.
"""
