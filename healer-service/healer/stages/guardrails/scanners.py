"""What bandit and detect-secrets know, asked about the changed statements and lines only, as text in memory.

They are loaded when the first patch is checked, or by `warm` ahead of time. No file configures them.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import logging
import re
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

from healer.model import Change, Finding
from healer.stages.guardrails.lines import Lines
from healer.stages.guardrails.policy import Policy
from healer.stages.guardrails.rules import finding
from healer.stages.guardrails.trees import Side, Trees

# Left out: what reports much and means little (asserts, binding, temporary files, requests without a timeout), and
# what the rules beside this module see better (SQL, swallowed exceptions, imports).
_BANDIT = {
    **dict.fromkeys(("B102", "B307", "B612"), 6),
    **dict.fromkeys(("B601", "B602", "B604", "B605", "B606", "B609"), 7),
    **dict.fromkeys(("B312", "B321"), 8),
    **dict.fromkeys(("B202", "B301", "B302", "B506", "B614"), 9),
    "B103": 21,
    **dict.fromkeys(
        ("B303", "B304", "B305", "B323", "B324", "B501", "B502", "B503", "B504", "B505", "B507", "B508", "B509"), 25
    ),
    **dict.fromkeys(("B610", "B611"), 26),
    "B201": 27,
    **dict.fromkeys(("B701", "B702", "B703", "B704"), 40),
}
_KNOWN_FORMS = (
    "artifactory.ArtifactoryDetector aws.AWSKeyDetector "
    "azure_storage_key.AzureStorageKeyDetector basic_auth.BasicAuthDetector"
    " cloudant.CloudantDetector discord.DiscordBotTokenDetector "
    "github_token.GitHubTokenDetector gitlab_token.GitLabTokenDetector"
    " jwt.JwtTokenDetector mailchimp.MailchimpDetector npm.NpmDetector openai.OpenAIDetector "
    "private_key.PrivateKeyDetector"
    " pypi_token.PypiTokenDetector sendgrid.SendGridDetector slack.SlackDetector square_oauth.SquareOAuthDetector"
    " stripe.StripeDetector telegram_token.TelegramBotTokenDetector twilio.TwilioKeyDetector"
)
_LIKE_A_SECRET = re.compile(r"[\"'`=:@][^\"'`\s]{6,}|-----BEGIN|passw|secret|token|key|pwd", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"^(.)\1*$|^<.*>$|^\$?\{.*\}$|^%\(|example|changeme|placeholder|dummy|^x+$|redacted|\*\*\*|^test[-_]?|\s", re.I
)
_NAMED_SECRET = re.compile(
    (
        r"(?:secret|passw(?:or)?d|passphrase|token|api_?key|access_?key|private_?key|auth_?key|"
        r"credential|signing_?key|encryption_?key|pwd)\w*[\"']?\]?\s*(?::\s*\w+\s*)?(?:=(?!=)|:|"
        r",)\s*[rbf]*[\"']([^\"'\n]{6,})[\"']"
    ),
    re.IGNORECASE,
)
_FILE = "./patch.py"  # not there; bandit looks for packages around any other name
_ONE_AT_A_TIME = threading.Lock()  # neither promises to work in several threads


def warm() -> None:
    """Load both libraries, which takes a third of a second, before the first patch is there."""
    _bandit()
    _detectors()


def about_known_dangers(trees: Trees, policy: Policy) -> Iterator[Finding]:
    if trees.is_test:
        return
    names = trees.after.names
    allowed = {
        call.lineno
        for call in trees.added(ast.Call)
        if policy.allow_calls and any(map(policy.allows_call, names.meanings(call.func)))
    }
    before = Counter((test, said) for test, said, _ in _asked(trees.before))
    for test, said, line in _asked(trees.after):
        if before[(test, said)] > 0:
            before[(test, said)] -= 1
        elif line not in allowed:
            yield finding(_BANDIT[test], line, f"{said} (bandit {test})")


def _asked(side: Side) -> list[tuple[str, str, int]]:
    """What bandit says of the imports and the changed statements: test, words, line."""
    if not side.changed:
        return []
    imports = [n for n in side.tree.body if isinstance(n, (ast.Import, ast.ImportFrom)) and n not in side.changed]
    with _ONE_AT_A_TIME:
        visitor_type, tests, metrics_type = _bandit()
        metrics = metrics_type()
        metrics.begin(_FILE)
        visitor = visitor_type(_FILE, None, None, tests, False, {}, metrics)
        visitor.generic_visit(ast.Module([*imports, *side.changed], []))
    return [(issue.test_id, issue.text, issue.lineno) for issue in visitor.tester.results]


@functools.cache
def _bandit() -> tuple[Any, Any, Any]:
    with _kept_quiet():
        names = ("config", "metrics", "node_visitor", "test_set")
        config, metrics, node_visitor, test_set = (importlib.import_module(f"bandit.core.{name}") for name in names)
    tests = test_set.BanditTestSet(config.BanditConfig(), {"include": sorted(_BANDIT)})
    return node_visitor.BanditNodeVisitor, tests, metrics.Metrics


@contextlib.contextmanager
def _kept_quiet() -> Iterator[None]:
    """bandit loads its formatters too, reports those that lack a library, and words the warnings of the process."""
    worded, loader = warnings.formatwarning, logging.getLogger("stevedore.extension")
    level = loader.level
    loader.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        loader.setLevel(level)
        warnings.formatwarning = worded


def about_secrets(change: Change, lines: Lines, *, is_test: bool) -> Iterator[Finding]:
    """Rule 13. In a test only what has the form of a real key counts: tests are full of made-up passwords."""
    for number, text in lines.added:
        if len(text) > 2000 or not _LIKE_A_SECRET.search(text):
            continue
        for secret in _secrets(change.file, text, is_test):
            if secret not in change.before:
                yield finding(13, number, "Something that looks like a secret is written into the source.", change.file)
                break


def _secrets(file: str, text: str, is_test: bool) -> Iterator[str]:
    for detector in _detectors():
        yield from (secret for secret in detector.analyze_string(text) if secret)
    if is_test:
        return
    for match in _NAMED_SECRET.finditer(text):
        if not _PLACEHOLDER.search(match.group(1)):
            yield match.group(1)
    for literal in re.findall(r"[\"']([A-Za-z0-9+/=_\-.]{20,})[\"']", text):
        kinds = [any(test(c) for c in literal) for test in (str.islower, str.isupper, str.isdigit)]
        if (sum(kinds) == 3 or re.fullmatch(r"[0-9a-f]{32,}", literal)) and "/" not in literal[:1]:
            yield literal


@functools.cache
def _detectors() -> tuple[Any, ...]:
    found = []
    for name in _KNOWN_FORMS.split():
        module, _, kind = name.partition(".")
        found.append(getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), kind)())
    return tuple(found)
