"""Signatures of the sources that sign."""
import hashlib
import hmac

from relay.errors import RelayError


def signature(secret, raw):
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def verify(source, raw, given):
    if source.secret is None:
        return
    if not given or not hmac.compare_digest(signature(source.secret, raw).encode(), given.encode("latin-1", "replace")):
        raise RelayError(401, "bad_signature", "the signature does not fit")
