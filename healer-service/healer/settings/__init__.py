"""What the healer is told: the environment (`HEALER_…`) and the services in healer.toml, validated at start.

It reads settings and makes missing secrets; it starts nothing.
"""

from healer.settings.addresses import GitHubAddress, without_user
from healer.settings.deploying import AutonomousSettings, DeploySettings
from healer.settings.examples import Example
from healer.settings.loading import load_settings, read_llm_key
from healer.settings.notifications import NotificationSettings
from healer.settings.secret_files import open_to_others
from healer.settings.services import GuardrailSettings, ReplaySettings, ServiceSettings
from healer.settings.whole import MADE_SECRETS, SECRETS, Settings

__all__ = [
    "MADE_SECRETS",
    "SECRETS",
    "AutonomousSettings",
    "DeploySettings",
    "Example",
    "GitHubAddress",
    "GuardrailSettings",
    "NotificationSettings",
    "ReplaySettings",
    "ServiceSettings",
    "Settings",
    "load_settings",
    "open_to_others",
    "read_llm_key",
    "without_user",
]
