import pytest
from healer.stages.shards import shards

FILES = {
    "app/main.py": 900,
    "tests/conftest.py": 50,
    "tests/test_a.py": 400,
    "tests/test_b.py": 300,
    "tests/deep/c_test.py": 200,
    "other/test_d.py": 10,
}


@pytest.mark.parametrize(
    ("arguments", "count", "expected"),
    [
        (["tests"], 2, [["tests/test_a.py"], ["tests/deep/c_test.py", "tests/test_b.py"]]),
        (["tests/"], 9, [["tests/test_a.py"], ["tests/test_b.py"], ["tests/deep/c_test.py"]]),
        (["tests/deep", "other"], 2, [["tests/deep/c_test.py"], ["other/test_d.py"]]),
        (["."], 1, [["other/test_d.py", "tests/deep/c_test.py", "tests/test_a.py", "tests/test_b.py"]]),
        (["tests/test_a.py"], 2, [["tests/test_a.py"]]),
        (["tests", "-k", "x"], 2, [["tests", "-k", "x"]]),
        (["tests/test_a.py::test_x"], 2, [["tests/test_a.py::test_x"]]),
        (["nowhere"], 2, [["nowhere"]]),
    ],
)
def test_shards(arguments, count, expected):
    assert [list(run) for run in shards(FILES, arguments, count)] == expected
