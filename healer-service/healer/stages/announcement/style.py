"""How a repository words the first line of a commit, read from the last ones, and such a line made like them.

Tense and choice of words are its people's; nothing that a fix cannot know, such as a ticket's number, is made up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from healer.stages.announcement.wording import inert, lowered

LONGEST = 72
FEWEST = 3  # commits that make a style
_LOOKED_AT = 100
_TYPES = re.compile(r"build|chore|ci|docs?|feat(ure)?|(bug|hot)?fix|bug|perf|refactor|revert|style|tests?", re.I)
_SHOUTED = re.compile(r"API|BENCH|BLD|DEP|DEV|ENH|MAINT|REF|REL|REV|STY|TST|TYP")  # the scientific libraries' types
_FIXES = frozenset({"fix", "bugfix", "hotfix", "bug"})
_CONVENTIONAL = re.compile(r"([A-Za-z]{2,10})(?:\(([\w./ -]{1,40})\))?!?: +(\S.*)")
_PREFIXED = re.compile(r"([\w.][\w./-]{0,60}): +(\S.*)")
_TICKET = re.compile(r"\A[\[(]?(?:[A-Z][A-Z0-9]+-\d+|#\d+)[\])]?\s*[:–-]?\s+")
_NUMBER = re.compile(r"\s*\((?:#|gh-)\d+\)$", re.I)  # which a forge adds to what it squashes
_EMOJI = re.compile(r"(:[a-z0-9_+-]+:|[\u2190-\u2bff\U0001f000-\U0001faff][\ufe0f\u200d\u2640\u2642]*)\s*")
_NOT_WRITTEN = ("Merge ", "Revert ", "Bump ", "fixup! ", "squash! ", "Initial commit")


@dataclass(frozen=True)
class Style:
    form: str = "plain"  # plain | conventional | path
    word: str = "fix"  # the type of a conventional subject
    scopes: tuple[str, ...] = ()  # that are in use, where the repository uses them
    prefixes: tuple[str, ...] = ()  # of the path form, the most frequent first
    capital: bool = True  # the first letter, after what stands before it
    stop: bool = False
    emoji: str = ""

    def subject(self, failure: str, summary: str, file: str) -> str:
        """`failure` as "KeyError on GET /orders", `summary` in the imperative; `file`: the first that is changed."""
        lead, texts = self._lead(file), [f"fix {failure}"]
        if self.form == "conventional":
            texts = [f"prevent {failure}"]  # the type says already that it is a fix
        elif self.form == "plain" and summary:
            texts = [f"fix {failure}: {lowered(summary)}", *texts]
        lines = [f"{lead}{self._cased(text)}{'.' if self.stop else ''}" for text in texts]
        return next((line for line in lines if len(line) <= LONGEST), _cut(lines[-1]))

    def _lead(self, file: str) -> str:
        emoji = f"{self.emoji} " if self.emoji else ""
        if self.form == "conventional":
            scope = next((name for name in _names_of(file) if name in self.scopes), "")
            return f"{emoji}{self.word}({inert(scope, 40)}): " if scope else f"{emoji}{self.word}: "
        if self.form == "path" and file:
            return f"{emoji}{inert(_prefix(file, self.prefixes), 40)}: "
        return emoji

    def _cased(self, text: str) -> str:
        return text[:1].upper() + text[1:] if self.capital else text


def of(subjects: Sequence[str]) -> Style:
    """`subjects`: first lines of the last commits, newest first. Too few of them are no style."""
    lines = list(_written(subjects[:_LOOKED_AT]))
    if len(lines) < FEWEST:
        return Style()
    found = [_EMOJI.match(line) for line in lines]
    emoji = _emoji([match.group(1) for match in found if match], len(lines))
    texts = [
        _TICKET.sub("", line[match.end() :] if match else line, count=1)
        for line, match in zip(lines, found, strict=True)
    ]
    conventional = [match for text in texts if (match := _CONVENTIONAL.fullmatch(text)) and _is_type(match.group(1))]
    if _most(len(conventional), len(texts)):
        return _conventional(conventional, emoji)
    prefixed = [match for text in texts if (match := _PREFIXED.fullmatch(text)) and not _is_type(match.group(1))]
    if _most(len(prefixed), len(texts)):
        said = [match.group(2) for match in prefixed]
        prefixes = tuple(name for name, _ in Counter(match.group(1) for match in prefixed).most_common())
        return Style("path", prefixes=prefixes, capital=_capital(said), stop=_stop(said), emoji=emoji)
    return Style(capital=_capital(texts, unsure=True), stop=_stop(texts), emoji=emoji)


def _conventional(found: Sequence[re.Match[str]], emoji: str) -> Style:
    words = Counter(match.group(1) for match in found)
    fixes = [word for word, _ in words.most_common() if word.lower() in _FIXES]
    word = fixes[0] if fixes else _as_written(words.most_common(1)[0][0])
    scopes = [match.group(2) for match in found if match.group(2)]
    used = tuple(dict.fromkeys(scopes)) if 2 * len(scopes) >= len(found) else ()
    said = [match.group(3) for match in found]
    return Style("conventional", word, used, capital=_capital(said), stop=_stop(said), emoji=emoji)


def _as_written(word: str) -> str:
    if word.isupper():
        return "BUG"
    return "Fix" if word[:1].isupper() else "fix"


def _is_type(word: str) -> bool:
    return bool(_TYPES.fullmatch(word) or _SHOUTED.fullmatch(word))


def _written(subjects: Iterable[str]) -> Iterator[str]:
    """Those that a person worded, without what a forge added."""
    for subject in subjects:
        line = _NUMBER.sub("", " ".join(subject[:200].split()))
        if line and not line.startswith(_NOT_WRITTEN):
            yield line


def _emoji(found: Sequence[str], lines: int) -> str:
    if 5 * len(found) < 4 * lines:  # not nearly all have one
        return ""
    return ":bug:" if _most(sum(one.startswith(":") for one in found), len(found)) else "🐛"


def _capital(texts: Iterable[str], *, unsure: bool = False) -> bool:
    """Names such as JSON say nothing about it."""
    first = [text[0] for text in texts if text[:1].isalpha() and not text[:2].isupper()]
    upper = sum(letter.isupper() for letter in first)
    return 2 * upper >= len(first) if unsure else _most(upper, len(first))


def _stop(texts: Sequence[str]) -> bool:
    return _most(sum(text.endswith(".") and not text.endswith("..") for text in texts), len(texts))


def _most(part: int, whole: int) -> bool:
    return 2 * part > whole


def _names_of(file: str) -> Iterator[str]:
    """What people call a file by, the most exact first."""
    path = PurePosixPath(file)
    bare = path.with_suffix("") if path.suffix else path
    yield from (file, str(bare), str(bare).replace("/", "."), path.name, bare.name)
    for folder in path.parents:
        if folder.name:
            yield from (str(folder), str(folder).replace("/", "."), folder.name)


def _prefix(file: str, prefixes: Sequence[str]) -> str:
    """One that is in use, else one made as the most frequent is."""
    known = next((name for name in _names_of(file) if name in prefixes), None)
    if known is not None:
        return known
    example = prefixes[0] if prefixes else ""
    whole, bare, dotted, name, stem = list(_names_of(file))[:5]
    if "/" in example:
        return whole if PurePosixPath(example).suffix else bare
    if "." in example:
        return name if PurePosixPath(example).suffix == PurePosixPath(file).suffix else dotted
    return stem


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
