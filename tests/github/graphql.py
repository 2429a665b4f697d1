"""The GraphQL API: queries held against GitHub's schema, and the two mutations that REST does not have.

Only the part of the schema that a query names is built.
"""

from __future__ import annotations

import json
from collections.abc import Container
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.github import door, life
from tests.github.door import Heard
from tests.github.octokit import MISSING, graphql_blocks
from tests.github.routing import Answer
from tests.github.state import Pull, Token
from tests.github.views import node_id

try:
    import graphql
except ModuleNotFoundError as missing:
    raise RuntimeError(MISSING.format(missing.name)) from missing

if TYPE_CHECKING:
    from tests.github.fake import FakeGitHub
    from tests.github.repository import Repository

BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def answered(hub: FakeGitHub, heard: Heard) -> Answer:
    return door.through(hub, heard, lambda token: _answer(hub, token, heard.body))


def _answer(hub: FakeGitHub, token: Token, body: bytes) -> Answer:
    try:
        given = json.loads(body)
        query, variables = given["query"], given.get("variables") or {}
        if given.keys() - {"query", "variables", "operationName"}:
            raise ValueError(f"a GraphQL request has no {sorted(given)}")
        document = graphql.parse(query)
    except (ValueError, KeyError, TypeError, graphql.GraphQLError) as wrong:
        hub.violations.append(f"POST /graphql: {wrong}")
        return Answer(400, {"message": "Problems parsing JSON", "documentation_url": door.DOCS})
    names = frozenset(_names(document))
    schema = _schema(names)
    errors = graphql.validate(schema, document)
    if errors:
        hub.violations += [f"POST /graphql: {error.message}" for error in errors]
        return Answer(200, {"errors": [{"message": error.message} for error in errors]})
    result = graphql.execute_sync(
        schema, document, _Root(hub, token).fields(), variable_values=variables, field_resolver=_resolved
    )
    for error in result.errors or ():
        if not isinstance(error.original_error, _Refused):
            hub.violations.append(f"POST /graphql: {error.message}")
    shown: dict[str, Any] = {"data": result.data}
    if result.errors:
        shown["errors"] = [_shown(error) for error in result.errors]
    return Answer(200, shown)


def _shown(error: graphql.GraphQLError) -> dict[str, Any]:
    """GitHub says of what kind an error is."""
    kind = error.original_error.kind if isinstance(error.original_error, _Refused) else "INTERNAL"
    return {"type": kind, **error.formatted}


class _Refused(Exception):
    """Answered as GitHub does, in the body with status 200; no violation."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Root:
    def __init__(self, hub: FakeGitHub, token: Token) -> None:
        self._hub = hub
        self._token = token

    def fields(self) -> dict[str, Any]:
        return {
            "markPullRequestReadyForReview": lambda _, input: self._changed(input, life.make_ready),
            "convertPullRequestToDraft": lambda _, input: self._changed(input, life.make_draft),
            "viewer": {"login": self._token.login},
        }

    def _changed(self, given: dict[str, Any], change: Any) -> dict[str, Any]:
        repo, pull = self._pull(given["pullRequestId"])
        if not self._token.permits("pull_requests", "write"):
            raise _Refused("FORBIDDEN", door.FORBIDDEN)
        change(repo, pull, self._token.login)
        return {"clientMutationId": given.get("clientMutationId"), "pullRequest": _pull(repo, pull)}

    def _pull(self, wanted: str) -> tuple[Repository, Pull]:
        for repo in self._hub.repositories.values():
            for pull in repo.pulls:
                if node_id("PR", pull.id) == wanted and repo.role(self._token.login) != "none":
                    return repo, pull
        raise _Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{wanted}'.")


def _pull(repo: Repository, pull: Pull) -> dict[str, Any]:
    return {
        "id": node_id("PR", pull.id),
        "number": pull.number,
        "isDraft": pull.draft,
        "merged": pull.merged,
        "title": pull.title,
        "state": "MERGED" if pull.merged else pull.state.upper(),
        "url": f"{repo.hub.url}/{repo.full_name}/pull/{pull.number}",
    }


def _resolved(source: dict[str, Any], info: graphql.GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    if info.field_name not in source:
        raise NotImplementedError(f"the fake does not serve {info.parent_type.name}.{info.field_name}")
    value = source[info.field_name]
    return value(info, **arguments) if callable(value) else value


def _names(node: graphql.Node) -> set[str]:
    """All names that stand in a document: fields, types, arguments."""
    found = set()

    class Reader(graphql.Visitor):
        def enter_name(self, name: graphql.NameNode, *_: Any) -> None:
            found.add(name.value)

    graphql.visit(node, Reader())
    return found


@cache
def _definition(name: str) -> graphql.DefinitionNode:
    return graphql.parse(graphql_blocks()[name], no_location=True).definitions[0]


@cache
def _schema(names: frozenset[str]) -> graphql.GraphQLSchema:
    """The fields that the document names, with all that they lead to."""
    waiting = ["Query", "Mutation", *(name for name in names if name in graphql_blocks())]
    kept: dict[str, Any] = {}
    while waiting:
        name = waiting.pop()
        if name in kept or name in BUILT_IN:
            continue
        kept[name] = _pruned(_definition(name), names)
        waiting += _types(kept[name])
    definitions = tuple(_with_interfaces(definition, kept.keys()) for definition in kept.values())
    return graphql.build_ast_schema(graphql.DocumentNode(definitions=definitions), assume_valid=True)


def _changed(node: Any, **values: Any) -> Any:
    return type(node)(**{key: getattr(node, key) for key in node.keys} | values)


def _pruned(definition: Any, names: frozenset[str]) -> Any:
    if not isinstance(definition, (graphql.ObjectTypeDefinitionNode, graphql.InterfaceTypeDefinitionNode)):
        return definition
    return _changed(definition, fields=tuple(field for field in definition.fields or () if field.name.value in names))


def _with_interfaces(definition: Any, kept: Container[str]) -> Any:
    """Only those interfaces that are built too."""
    if not getattr(definition, "interfaces", None):
        return definition
    return _changed(definition, interfaces=tuple(one for one in definition.interfaces if one.name.value in kept))


def _types(definition: Any) -> list[str]:
    """Names of the types that its fields and their arguments have."""
    found = [one.name.value for one in getattr(definition, "types", None) or ()]
    for field in getattr(definition, "fields", None) or ():
        for typed in (field, *(getattr(field, "arguments", None) or ())):
            node = typed.type
            while not isinstance(node, graphql.NamedTypeNode):
                node = node.type
            found.append(node.name.value)
    return found
