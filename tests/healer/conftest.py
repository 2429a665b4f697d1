import pytest

from tests.healer.site import Site
from tests.postgres import postgres

__all__ = ["postgres", "site"]


@pytest.fixture
def site(tmp_path, request):
    made = Site(tmp_path, **getattr(request, "param", {}))
    yield made
    made.close()
