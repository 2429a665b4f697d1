"""Who owns which files by a CODEOWNERS file, as GitHub reads it; and where a repository keeps such files.

https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
It asks nobody, and does not know whether an owner exists.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")  # the first that exists counts
# GitHub takes the name in any case; these are the ways it is written.
TEMPLATES = tuple(
    f"{folder}{name}.md"
    for folder in (".github/", "", "docs/")
    for name in ("pull_request_template", "PULL_REQUEST_TEMPLATE", "Pull_Request_Template", "Pull_request_template")
)

T = TypeVar("T")
_LARGEST = 3_000_000  # characters; GitHub reads no larger file
_MOST_LINES, _LONGEST_LINE = 10_000, 4096
_OWNER = re.compile(r"@[\w-]{1,39}(?:/[\w.-]{1,100})?|[^\s@]{1,64}@[^\s@]{1,255}", re.ASCII)
_SPACE = re.compile(r"(?<!\\)[^\S\n]+")


@dataclass(frozen=True)
class _Rule:
    segments: tuple[str, ...]
    inside: bool  # folders alone match, and what is in them
    flat: bool  # what is in a folder that matches does not
    owners: tuple[str, ...]

    def covers(self, path: Sequence[str]) -> bool:
        if self.flat:
            return _fits(self.segments, path, "**", _segment_fits)
        longest = len(path) - 1 if self.inside else len(path)
        return any(_fits(self.segments, path[:end], "**", _segment_fits) for end in range(longest, 0, -1))


def owners(text: str, paths: Iterable[str]) -> tuple[str, ...]:
    """As `@login`, `@org/team` or an address, who owns the most of these paths first.

    The last rule that covers a path counts, though it names nobody.
    """
    if len(text) > _LARGEST:
        return ()
    rules = list(_rules(text))
    owned: Counter[str] = Counter()
    for path in paths:
        segments = path.strip("/").split("/")
        last = next((rule for rule in reversed(rules) if rule.covers(segments)), None)
        owned.update(last.owners if last is not None else ())
    return tuple(owner for owner, _ in owned.most_common())


def _rules(text: str) -> Iterator[_Rule]:
    """In order, without lines that GitHub would skip."""
    for line in text.splitlines()[:_MOST_LINES]:
        words = [word for word in _SPACE.split(line.strip()) if word]
        comment = next((place for place, word in enumerate(words) if word.startswith("#")), len(words))
        pattern, named = words[:1], tuple(dict.fromkeys(words[1:comment]))
        if not comment or len(line) > _LONGEST_LINE or not all(_OWNER.fullmatch(owner) for owner in named):
            continue
        rule = _rule(pattern[0].replace("\\ ", " "), named)
        if rule is not None:
            yield rule


def _rule(pattern: str, named: tuple[str, ...]) -> _Rule | None:
    """None for what CODEOWNERS does not know: negation, ranges, a comment sign that is escaped."""
    bare = pattern.strip("/")
    if not bare or pattern.startswith(("!", "\\#")) or re.search(r"[\[\]]", pattern):
        return None
    segments = [segment for segment in bare.split("/") if segment]
    if len(segments) == 1 and not pattern.startswith("/"):
        segments.insert(0, "**")
    if segments[-1] == "**":
        segments.append("*")  # everything in it, and not itself
    anchored_star = segments[-1] == "*" and segments[-2:-1] != ["**"]
    return _Rule(tuple(segments), pattern.endswith("/"), anchored_star and not pattern.endswith("/"), named)


def _segment_fits(pattern: str, segment: str) -> bool:
    return _fits(pattern, segment, "*", lambda sign, letter: sign in ("?", letter))


def _fits(pattern: Sequence[T], items: Sequence[T], star: T, same: Callable[[T, T], bool]) -> bool:
    """Whether the items are those of the pattern, where a star stands for any number of them."""
    here, at, starred, retry = 0, 0, -1, 0
    while at < len(items):
        if here < len(pattern) and pattern[here] == star:
            starred, retry, here = here, at, here + 1
        elif here < len(pattern) and same(pattern[here], items[at]):
            here, at = here + 1, at + 1
        elif starred >= 0:
            retry += 1
            here, at = starred + 1, retry
        else:
            return False
    return all(part == star for part in pattern[here:])
