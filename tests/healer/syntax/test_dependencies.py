"""Which packages a service may import, from the files that declare them."""

from healer.syntax.dependencies import declared

REQUIREMENTS = """# pinned
-r base.txt
--hash=sha256:abc
FastAPI[standard]>=0.110 ; python_version > "3.8"
python-dateutil==2.9
 PyYAML  # settings
git+https://example.org/x.git
"""
PYPROJECT = """
[project]
dependencies = ["sqlalchemy>=2", "python-multipart"]
[project.optional-dependencies]
fast = ["uvloop"]
[tool.poetry.dependencies]
python = "^3.11"
pillow = "*"
"""


def test_requirements_are_read_as_names_to_import():
    assert declared({"requirements.txt": REQUIREMENTS}) == {"fastapi", "dateutil", "yaml"}


def test_a_project_declares_in_either_way():
    assert declared({"service/pyproject.toml": PYPROJECT}) == {"sqlalchemy", "multipart", "uvloop", "PIL"}


def test_what_cannot_be_read_declares_nothing():
    assert declared({"pyproject.toml": "dependencies = ["}) == frozenset()
    assert declared({"pyproject.toml": 'project = 3\ntool = "x"'}) == frozenset()
    assert declared({"pyproject.toml": '[project]\ndependencies = [3, "!"]'}) == frozenset()
