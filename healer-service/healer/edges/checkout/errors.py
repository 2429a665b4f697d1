"""What git said when it failed, in one line that names the remedy. No token and no user of an address is in it."""

from __future__ import annotations

import base64
import re

from git import GitCommandError

from healer.edges.checkout.access import USER, Access, without_user

LONGEST = 300
_REMEDIES = (
    (
        "Host key verification failed",
        "the server's host key is not known or has changed; compare its fingerprint with the one that the server's "
        "owner tells, and add it to known_hosts of the healer's user (ssh-keyscan prints it)",
    ),
    ("Permission denied (publickey", "the server does not take this SSH key; check ssh_key and what the key may do"),
    ("could not read Username", "it asks for a login; give a token by token_file (it is sent to that address alone)"),
    ("could not read Password", "it asks for a login; give a token by token_file (it is sent to that address alone)"),
    ("Authentication failed", "the token is not accepted; it may have expired, or be of another server"),
    ("' not found", "check the address; a token that may not see a private repository gets the same answer"),
    ("returned error: 403", "the token, if any, may not do this; it needs Contents: write for this repository"),
    ("transport '", "only https, ssh and files are used (http on loopback, or where no token is sent)"),
    ("refusing to merge unrelated histories", "what they have in common is not in this shallow copy; set depth higher"),
)


def said(error: Exception, access: Access) -> str:
    if not isinstance(error, GitCommandError):
        return _clean(str(error), access)[:LONGEST]
    whole = _printed(error)
    told = _clean(_telling(whole), access)[:LONGEST]
    remedy = next((remedy for sign, remedy in _REMEDIES if sign in whole), "")
    return f"{told}: {remedy}" if remedy else told


def _printed(error: GitCommandError) -> str:
    for stream, text in (("stderr", error.stderr), ("stdout", error.stdout)):
        if text:
            return str(text).strip().removeprefix(f"{stream}: '").removesuffix("'")
    return str(error)


def _telling(text: str) -> str:
    """After the lines that say what is wrong, git often adds advice."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    refused = [line for line in lines if line.startswith(("remote: error:", "! [", "remote: fatal:"))]
    telling = refused or [line for line in lines if line.startswith(("fatal:", "error:"))][:1] or lines[-1:]
    return "; ".join(telling)


def _clean(text: str, access: Access) -> str:
    if access.token:
        basic = base64.b64encode(f"{USER}:{access.token}".encode()).decode()
        text = text.replace(access.token, "***").replace(basic, "***")
    return re.sub(r"[^\S ]+|[^ -~\w]", " ", without_user(text))
