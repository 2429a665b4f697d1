"""Secrets in files: read, kept for their owner alone, made where there is none, and told from what is no token."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from healer.model import BadInput

SHORTEST_SECRET = 16  # characters
_TOKEN = re.compile(r"[!#-&(-~]{20,1000}")  # GitHub's have 40 to some hundred characters; no space, no quote


def read_secret(path: Path, variable: str) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise BadInput(f"{variable}: cannot read {str(path)!r}: {error.strerror}; name a readable file") from None
    except UnicodeDecodeError:
        raise BadInput(f"{variable}: {str(path)!r} holds no text; name the file of the secret") from None


def refuse_address(value: object, field: str) -> None:
    """A file is wanted where people write a secret address itself. Raises BadInput, without a character of it."""
    if isinstance(value, str) and "://" in value:
        raise BadInput(
            f"{field}: this is an address, and the name of a file is wanted; write the address into a file of mode "
            "0600 and name that"
        )


def private_file(path: Path) -> None:
    """As ssh treats its keys: what others may read is no secret. What is not there is not named: by mistake it may be
    the secret itself.

    A read-only mount is let pass. What puts a secret there (as Docker and Kubernetes do) sets the mode, and the
    container is its wall.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise BadInput(
            f"cannot read what is named here: {error.strerror}; name a file that the healer may read, not the secret"
        ) from None
    if not stat.S_ISREG(mode) or not os.access(path, os.R_OK):
        raise BadInput(f"{str(path)!r} is no file that the healer may read; give it to the healer's user")
    if open_to_others(path):
        raise BadInput(f"others may read {str(path)!r} (mode {stat.S_IMODE(mode):04o}); chmod 600 {path}")


def private_secret(path: Path, field: str) -> str:
    """What a file holds that only its owner may read. Raises ValueError, as the check of a setting has to."""
    try:
        private_file(path)
        return read_secret(path, field)
    except BadInput as error:
        raise ValueError(str(error)) from None


def signing_secret(path: Path | None) -> Path | None:
    """A file that what is sent to others may be signed by. Raises ValueError for one that protects nothing."""
    if path is None:
        return None
    secret = private_secret(path, "secret_file")
    if lack := guessable(secret):
        raise ValueError(f"{str(path)!r} holds {lack}")
    return path


def guessable(secret: str) -> str:
    """What is wrong with it, and the remedy; "" where nothing is."""
    if len(secret) >= SHORTEST_SECRET:
        return ""
    return (
        f"{len(secret)} characters, which can be guessed; write at least {SHORTEST_SECRET}, for example of "
        "`openssl rand -hex 32`"
    )


def open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077) and not os.statvfs(path).f_flag & os.ST_RDONLY


def read_token(path: Path, field: str) -> str:
    try:
        private_file(path)
    except BadInput as error:
        raise BadInput(f"{field}: {error}") from None
    token = read_secret(path, field)
    if not token:
        raise BadInput(f"{field}: {str(path)!r} is empty; write the token into it")
    return checked_token(token, f"{field}: what {str(path)!r} holds")


def checked_token(token: str, what: str) -> str:
    """The token; BadInput, without a character of it, for what is obviously none."""
    if not _TOKEN.fullmatch(token):
        raise BadInput(
            f"{what} is no token: 20 to 1000 ASCII characters without spaces or quotes, "
            f"not {len(token)}{'' if token.isascii() else ' with others among them'}; copy it from GitHub once more"
        )
    return token


def kept_secret(path: Path) -> str:
    """The secret in `path`, made at the first start with mode 0600. Concurrent makers agree on one value.

    Raises BadInput for one that protects nothing, such as a full disk, or a power cut, may have left.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        try:
            with draft.open("w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
                file.flush()
                os.fsync(file.fileno())  # else a power cut may leave the name with nothing in it
            os.link(draft, path)  # fails if someone was faster, unlike a rename
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secret = path.read_text().strip()
    if lack := guessable(secret):
        raise BadInput(f"{str(path)!r} holds {lack}, or delete the file, and the next start makes a new one")
    return secret
