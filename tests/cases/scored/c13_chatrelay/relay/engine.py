"""Rules against payloads."""
from relay import registry, templates
from relay.models import Message
from relay.payloads import lookup


def holds(rule, payload):
    return all(lookup(payload, path) == wanted for path, wanted in rule.when.items())


def apply(rule, payload):
    """The message of the rule, None if its conditions do not hold."""
    if not holds(rule, payload):
        return None
    return Message(rule.channel, templates.render(rule.text, payload), rule.number)


def run(source, event, payload):
    found = [apply(rule, payload) for rule in registry.rules(source, event)]
    return [m for m in found if m is not None]
