"""A service's releases as the page and the CLI see them: what is served, kept, or to be taken back. Plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from healer.edges.deployment import Deployment
from healer.edges.store import Release, Revert, Store
from healer.model import DeploymentError, NotFound
from healer.pipeline import publishing
from healer.pipeline.parts import Parts, Service


def unserved(state: str) -> dict[str, Any]:
    """What is told of a service of which `state` alone is known."""
    return {"state": state, "release": None, "canary": None, "fell_back": "", "traffic": {}}


def serving(service: Service) -> dict[str, Any]:
    """What its deployment says of itself; why that is not known stands in the state."""
    if service.deployment is None:
        return unserved("no deployment")
    try:
        said = service.deployment.serving()
    except DeploymentError as error:
        return unserved(f"unreachable: {error}")
    return {
        "state": said.state,
        "release": said.release,
        "canary": said.canary,
        "fell_back": said.fell_back,
        "traffic": {release: asdict(traffic) for release, traffic in said.traffic.items()},
    }


def of_service(parts: Parts, name: str) -> dict[str, Any]:
    """Raises NotFound for an unknown service."""
    service = parts.service(name)
    now = serving(service)
    kept = _kept(service.deployment)
    known = parts.store.releases.list(name)
    reverts = {item.commit: item for item in parts.store.reverts.of_service(name)}
    subjects = _subjects(parts.store, known, reverts)
    releases = [
        {
            **asdict(release),
            "subject": subjects.get(release.commit, ""),
            "kept": release.commit in kept,
            "serving": release.commit == now["release"],
            "revert": revert(reverts.get(release.commit)),
        }
        for release in known
    ]
    return {"service": name, "serving": {**now, "kept": kept}, "releases": releases}


def revert(item: Revert | None) -> dict[str, Any] | None:
    """Without text and diff once it is decided: nobody has to read them any more, and they may be long."""
    if item is None:
        return None
    return asdict(item) if item.undecided else {**asdict(item), "body": "", "diff": ""}


def found(parts: Parts, name: str, commit: str) -> Revert:
    """Raises NotFound for an unknown service, and for a release that nobody proposed to take back."""
    item = parts.store.reverts.get(parts.service(name).name, commit)
    if item is None:
        known = "`healer releases` lists the releases and what became of them"
        raise NotFound(f"no proposal takes the release {commit[:64]!r} of {name} back; {known}")
    return item


def require_looked_at(item: Revert, head_sha: str) -> None:
    publishing.require_looked_at("revert", item.head_sha, head_sha)


def _kept(deployment: Deployment | None) -> list[str]:
    if deployment is None:
        return []
    try:
        return list(deployment.kept())
    except DeploymentError:  # its state says that it cannot be asked
        return []


def _subjects(store: Store, known: tuple[Release, ...], reverts: Mapping[str, Revert]) -> dict[str | None, str]:
    """Merge commit -> title of the proposal that brought it. A push has none: git is not asked while somebody waits."""
    filed = store.proposals.newest([item.incident_id for item in known if item.incident_id is not None])
    proposals = [item.proposal for item in filed.values()] + [item.proposal for item in reverts.values()]
    return {proposal.merge_sha: proposal.title for proposal in proposals}
