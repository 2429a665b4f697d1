"""Sentry's protocol, as far as stock SDKs need it to report crashes: envelopes, and single events of older ones."""

from healer.web.sentry.routes import routes

__all__ = ["routes"]
