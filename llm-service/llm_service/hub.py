"""What the Hugging Face hub says about one file, and the file's bytes. Writes nothing to disk.

huggingface_hub's `hf_hub_download` is not used, because it begins anew after an interruption; its addresses, metadata,
HTTP client and errors are.
"""

from __future__ import annotations

import difflib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2
from huggingface_hub import HfApi, constants, get_hf_file_metadata, get_session, hf_hub_url, hf_raise_for_status
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from llm_service.problem import PullError

# HF_HUB_DISABLE_TELEMETRY: without it the library asks the hub for a list of programs and reports which one runs it.
constants.HF_HUB_DISABLE_TELEMETRY = True

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before a lost connection is taken up again; then it is given up
_PASSING = (408, 429, 500, 502, 503, 504)
_MOST_NAMES = 8
_NO_MODEL = "has no .gguf file; look for a repository whose name ends in GGUF"
_GO_ON = "what has arrived is kept; run it again to go on"


@dataclass(frozen=True)
class Remote:
    """One file at one commit, so that what is read is what was described, whatever is pushed to the hub meanwhile."""

    url: str
    size: int
    sha256: str


class Hub:
    """`token` is all that is sent; one that other programs left in the home folder is not looked for."""

    def __init__(self, endpoint: str, token: str | None) -> None:
        self._endpoint = endpoint
        self._token: str | bool = token or False

    def find(self, repository: str, file: str, revision: str) -> Remote:
        """Raises PullError when there is no such file, or no sha256 to check it by."""
        try:
            metadata = get_hf_file_metadata(self._url(repository, file, revision), token=self._token)
        except RemoteEntryNotFoundError:
            known = self._gguf_files(repository, revision)
            raise PullError(f"{repository} has no file {file!r}; {_offer(file, known)}", 2) from None
        except _HUB_ERRORS as error:
            raise self._refusal(error, repository, revision) from error
        if not (metadata.commit_hash and metadata.size and metadata.etag):
            raise PullError(f"{self._endpoint} does not answer as a hub; check HF_ENDPOINT and the proxy's settings")
        if not _SHA256.fullmatch(metadata.etag):
            raise PullError(
                f"the hub has no sha256 for {file!r} of {repository}, so it cannot be verified; name another"
            )
        return Remote(self._url(repository, file, metadata.commit_hash), metadata.size, metadata.etag)

    def only_file(self, repository: str, revision: str) -> str:
        """The name of the one model there; PullError when it must be chosen."""
        files = self._gguf_files(repository, revision)
        if len(files) == 1:
            return files[0]
        what = f"has several models; name a FILE: {_listed(files)}" if files else _NO_MODEL
        raise PullError(f"{repository} {what}", 2)

    def read(self, remote: Remote, start: int, notice: Callable[[str], None]) -> Iterator[bytes]:
        """The bytes from `start` to the end. A lost connection is taken up again; PullError when that is in vain."""
        position, failures = start, 0
        while position < remote.size:
            before = position
            try:
                for piece in self._stream(remote.url, position):
                    wanted = piece[: remote.size - position]
                    position += len(wanted)
                    yield wanted
                    if position == remote.size:
                        return
                reason = "the connection was closed"
            except httpx2.RequestError as error:
                reason = str(error) or type(error).__name__
            except HfHubHTTPError as error:
                reason = f"the hub answered {error.response.status_code}"
                if error.response.status_code not in _PASSING:
                    raise PullError(f"{reason} when asked for the rest of the file; {_GO_ON}") from error
            failures = 0 if position > before else failures + 1
            if failures == len(_PAUSES):
                raise PullError(f"the connection is lost ({reason}); {_GO_ON}")
            notice(f"connection lost ({reason}); going on from {position:,} bytes")
            time.sleep(_PAUSES[failures])

    def _stream(self, url: str, position: int) -> Iterator[bytes]:
        """One request. It goes to the hub each time: the address that the hub forwards to expires."""
        headers = {"Accept-Encoding": "identity"}
        if position:
            headers["Range"] = f"bytes={position}-"
        if self._token:
            # The client takes it out again where it is sent on to another host.
            headers["Authorization"] = f"Bearer {self._token}"
        with get_session().stream(
            "GET", url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT, follow_redirects=True
        ) as response:
            hf_raise_for_status(response)
            # A server that knows no ranges sends everything: what is there already is passed over.
            surplus = position if response.status_code == 200 else 0
            for piece in response.iter_bytes():
                yield piece[surplus:]
                surplus = max(0, surplus - len(piece))

    def _gguf_files(self, repository: str, revision: str) -> list[str]:
        api = HfApi(endpoint=self._endpoint, token=self._token)
        try:
            names = api.list_repo_files(repository, revision=revision)
        except _HUB_ERRORS as error:
            raise self._refusal(error, repository, revision) from error
        return sorted(name for name in names if name.endswith(".gguf"))

    def _url(self, repository: str, file: str, revision: str) -> str:
        return hf_hub_url(repository, file, revision=revision, endpoint=self._endpoint)

    def _refusal(self, error: Exception, repository: str, revision: str) -> PullError:
        tokens = f"make a token at {self._endpoint}/settings/tokens and give it by HF_TOKEN or --token-file"
        match error:
            case GatedRepoError():
                remedy = "with the account that the token belongs to" if self._token else f"then {tokens}"
                return PullError(f"{repository} is gated: accept its terms at {self._endpoint}/{repository}, {remedy}")
            case RepositoryNotFoundError():
                what = f"{self._endpoint} shows no repository {repository!r}"
                remedy = "the token given may not read it" if self._token else tokens
                return PullError(f"{what}; check the name; if it is private, {remedy}", 2)
            case RevisionNotFoundError():
                return PullError(f"{repository} has no revision {revision!r}; leave out --revision for 'main'", 2)
            case HFValidationError():
                return PullError(f"REPOSITORY is {repository!r}; it must look like 'owner/name'", 2)
            case OfflineModeIsEnabled():
                return PullError("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids downloads; unset it")
            case HfHubHTTPError() if error.response.status_code == 401:
                return PullError(f"the hub refuses the token; {tokens}")
            case HfHubHTTPError():
                return PullError(f"{self._endpoint} answered {error.response.status_code}; try again later")
        reason = str(error) or type(error).__name__
        remedy = "check the network (HTTPS_PROXY; HF_ENDPOINT for a mirror), or bring the file as models/README.md says"
        return PullError(f"{self._endpoint} cannot be reached ({reason}); {remedy}")


_HUB_ERRORS = (httpx2.HTTPError, httpx2.InvalidURL, HFValidationError, OfflineModeIsEnabled)


def _offer(file: str, known: list[str]) -> str:
    if not known:
        return f"it {_NO_MODEL}"
    near = difflib.get_close_matches(file, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"it has {_listed(known)}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
