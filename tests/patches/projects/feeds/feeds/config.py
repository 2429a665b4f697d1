"""Settings of the service."""

import os

ORIGINS = [origin for origin in os.environ.get("FEEDS_ORIGINS", "").split(",") if origin]
API_KEYS = {key for key in os.environ.get("FEEDS_API_KEYS", "").split(",") if key}
REQUESTS_PER_MINUTE = 60
CACHE_SECONDS = 30
TIMEOUT_SECONDS = 3.0
