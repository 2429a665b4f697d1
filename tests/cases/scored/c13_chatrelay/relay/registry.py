"""Sources and rules. Seeded here until the admin pages are done."""
from itertools import count

from relay.errors import RelayError
from relay.models import Rule, Source

_SOURCES = {s.name: s for s in (Source("git", secret="s3cr3t"), Source("shop"), Source("tracker"))}
_RULES: dict[int, Rule] = {}
_numbers = count(1)


def source(name):
    if name not in _SOURCES:
        raise RelayError(404, "no_source", f"no source {name}")
    return _SOURCES[name]


def add_rule(rule):
    source(rule.source)
    rule.number = next(_numbers)
    _RULES[rule.number] = rule
    return rule


def rule(number):
    if number not in _RULES:
        raise RelayError(404, "no_rule", f"no rule {number}")
    return _RULES[number]


def remove_rule(number):
    rule(number)
    del _RULES[number]


def rules(source_name=None, event=None):
    return [r for r in _RULES.values() if (source_name is None or r.source == source_name) and (event is None or r.event == event)]


add_rule(Rule("tracker", "issue", "dev", "#{{issue.id}} {{issue.title}} ({{issue.assignee.name}})"))
add_rule(Rule("tracker", "issue", "urgent", "{{issue.title}}: {{issue.labels.0.name}}", {"issue.priority": "high"}))
add_rule(Rule("shop", "paid", "sales", "{{customer.name}} paid {{total}}"))
