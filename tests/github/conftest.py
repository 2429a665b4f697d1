import pytest

from tests.github import FakeGitHub
from tests.github.client import RIGHTS, client_of


@pytest.fixture
def hub(tmp_path):
    with FakeGitHub(tmp_path) as made:
        yield made


@pytest.fixture
def repo(hub):
    """With a branch `fix`, of which nothing was made yet."""
    made = hub.repository(
        "acme/stock", files={"app.py": "count = 1\n"}, collaborators={"ada": "write", "bob": "read", hub.bot: "admin"}
    )
    made.push("fix", {"app.py": "count = 2\n"}, by=hub.bot, message="Count right")
    return made


@pytest.fixture
def client(hub):
    with client_of(hub, hub.token(**RIGHTS)) as made:
        yield made
