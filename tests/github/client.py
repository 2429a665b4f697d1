"""A plain HTTP client with a token, for tests that speak to the fake themselves."""

import httpx

from tests.github.fake import FakeGitHub

RIGHTS = {
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "checks": "read",
    "statuses": "read",
    "administration": "read",
    "repository_hooks": "read",
}


def client_of(hub: FakeGitHub, token: str) -> httpx.Client:
    # Without `verify` it does not read the certificates, which takes longer than most tests.
    return httpx.Client(base_url=hub.api, headers={"authorization": f"Bearer {token}"}, trust_env=False, verify=False)
