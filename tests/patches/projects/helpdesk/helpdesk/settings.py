"""What differs from one installation to the next."""

import os

SECRET_KEY = os.environ.get("HELPDESK_SECRET_KEY", "")
DATABASE = os.environ.get("HELPDESK_DATABASE", "helpdesk.db")
UPLOADS = os.environ.get("HELPDESK_UPLOADS", "uploads")
CSRF_ENABLED = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
DEBUG = False
MAX_TICKETS = 50
