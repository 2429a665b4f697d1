"""What is said about pull requests: comments, reviews, reactions, labels."""

from __future__ import annotations

from typing import Any

from tests.github import life, views
from tests.github.refusals import Refused, invalid
from tests.github.routing import Answer, Page, Request, route
from tests.github.state import Comment, LineComment, Pull, now, stamp

REPO = "/repos/{owner}/{repo}"
ISSUE = REPO + "/issues/{issue_number}"
COMMENT = REPO + "/issues/comments/{comment_id}"
PULL = REPO + "/pulls/{pull_number}"
LINE = REPO + "/pulls/comments/{comment_id}"
READ = ("issues=read", "pull_requests=read")
WRITE = ("issues=write", "pull_requests=write")
STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


@route("GET", ISSUE, *READ)
def issue(request: Request) -> dict[str, Any]:
    return views.issue(request.repo, request.pull)


@route("GET", ISSUE + "/comments", *READ)
def comments(request: Request) -> Page:
    since = request.query.get("since", "")
    said = [comment for comment in request.pull.issue_comments if stamp(comment.updated) >= since]
    return Page([views.comment(request.repo, request.pull, comment) for comment in said])


@route("POST", ISSUE + "/comments", *WRITE)
def comment(request: Request) -> Answer:
    made = life.comment(request.repo, request.pull, request.by, request.body["body"])
    shown = views.comment(request.repo, request.pull, made)
    return Answer(201, shown, {"location": shown["url"]})


def _comment(request: Request) -> tuple[Pull, Comment]:
    number = int(request.values["comment_id"])
    found = ((pull, made) for pull in request.repo.pulls for made in pull.issue_comments if made.id == number)
    for pull, made in found:
        return pull, made
    raise Refused(404, "Not Found")


@route("GET", COMMENT, *READ)
def one_comment(request: Request) -> dict[str, Any]:
    return views.comment(request.repo, *_comment(request))


@route("PATCH", COMMENT, *WRITE)
def edit_comment(request: Request) -> dict[str, Any]:
    pull, made = _comment(request)
    made.body, made.updated = request.body["body"], now()
    return views.comment(request.repo, pull, made)


@route("DELETE", COMMENT, *WRITE)
def delete_comment(request: Request) -> Answer:
    pull, made = _comment(request)
    pull.issue_comments.remove(made)
    return Answer(204)


@route("GET", COMMENT + "/reactions", *READ)
def reactions(request: Request) -> Page:
    _, made = _comment(request)
    return Page([views.reaction(request.hub, given) for given in made.reactions])


@route("POST", COMMENT + "/reactions", *WRITE)
def react(request: Request) -> Answer:
    return _react(request, _comment(request)[1])


@route("POST", LINE + "/reactions", "pull_requests=write")
def react_to_line(request: Request) -> Answer:
    number = int(request.values["comment_id"])
    for pull in request.repo.pulls:
        for line in pull.line_comments:
            if line.id == number:
                return _react(request, line)
    raise Refused(404, "Not Found")


def _react(request: Request, made: Comment | LineComment) -> Answer:
    content = request.body["content"]
    for given in made.reactions:
        if given[1:] == (request.by, content):
            return Answer(200, views.reaction(request.hub, given))
    given = (request.hub.next_id(), request.by, content)
    made.reactions.append(given)
    return Answer(201, views.reaction(request.hub, given))


@route("GET", PULL + "/reviews", "pull_requests=read")
def reviews(request: Request) -> Page:
    return Page([views.review(request.repo, request.pull, review) for review in request.pull.reviews])


@route("POST", PULL + "/reviews", "pull_requests=write")
def review(request: Request) -> dict[str, Any]:
    body = request.body
    if "event" not in body:
        raise Refused(422, "the fake keeps no pending reviews: give the event")
    lines = [(line["path"], line.get("line", 1), line["body"]) for line in body.get("comments", ())]
    made = life.review(request.repo, request.pull, request.by, STATES[body["event"]], body.get("body", ""), lines)
    return views.review(request.repo, request.pull, made)


@route("GET", PULL + "/reviews/{review_id}", "pull_requests=read")
def one_review(request: Request) -> dict[str, Any]:
    for review in request.pull.reviews:
        if review.id == int(request.values["review_id"]):
            return views.review(request.repo, request.pull, review)
    raise Refused(404, "Not Found")


@route("GET", PULL + "/reviews/{review_id}/comments", "pull_requests=read")
def review_comments(request: Request) -> Page:
    number = int(request.values["review_id"])
    said = [line for line in request.pull.line_comments if line.review == number]
    shown = [views.line_comment(request.repo, request.pull, line) for line in said]
    return Page([views.fitted(line, "review-comment") for line in shown])


@route("GET", PULL + "/comments", "pull_requests=read")
def line_comments(request: Request) -> Page:
    since = request.query.get("since", "")
    said = [line for line in request.pull.line_comments if stamp(line.created) >= since]
    return Page([views.line_comment(request.repo, request.pull, line) for line in said])


@route("GET", REPO + "/labels", *READ)
def labels(request: Request) -> Page:
    return Page([views.label(request.repo, name) for name in request.repo.labels])


@route("GET", REPO + "/labels/{name}", *READ)
def label(request: Request) -> dict[str, Any]:
    if request.values["name"].lower() not in request.repo.labels:
        raise Refused(404, "Not Found")
    return views.label(request.repo, request.values["name"])


@route("POST", REPO + "/labels", *WRITE)
def make_label(request: Request) -> Answer:
    body, repo = request.body, request.repo
    if body["name"].lower() in repo.labels:
        raise invalid("Label", "name", "already_exists")
    repo.add_label(body["name"], body.get("color", "ededed"), body.get("description"))
    return Answer(201, views.label(repo, body["name"]))


@route("GET", ISSUE + "/labels", *READ)
def labels_of(request: Request) -> Page:
    return Page([views.label(request.repo, name) for name in request.pull.labels])


@route("POST", ISSUE + "/labels", *WRITE)
def add_labels(request: Request) -> list[Any]:
    """One that the repository does not have is made."""
    repo, pull = request.repo, request.pull
    for name in _names(request.body):
        if len(name) > 50:
            raise invalid("Label", "name", "custom", "name is too long (maximum is 50 characters)")
        repo.add_label(name)
        if name.lower() not in (other.lower() for other in pull.labels):
            pull.labels.append(name)
            repo.announce_pull(pull, "labeled", request.by, label=views.label(repo, name))
    pull.touch()
    return [views.label(repo, name) for name in pull.labels]


@route("DELETE", ISSUE + "/labels/{name}", *WRITE)
def remove_label(request: Request) -> list[Any]:
    pull, name = request.pull, request.values["name"]
    if name not in pull.labels:
        raise Refused(404, "Label does not exist")
    pull.labels.remove(name)
    pull.touch()
    return [views.label(request.repo, other) for other in pull.labels]


def _names(body: Any) -> list[str]:
    """The description allows an object, a list of texts, a list of objects, and a text."""
    given = body.get("labels", []) if isinstance(body, dict) else body
    given = [given] if isinstance(given, str) else given
    return [label["name"] if isinstance(label, dict) else label for label in given]
