"""A small service with a stock Sentry SDK and many ways to crash, served by two frameworks."""
