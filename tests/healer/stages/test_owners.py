import time

import pytest
from healer.stages.owners import LOCATIONS, TEMPLATES, owners
from hypothesis import given
from hypothesis import strategies as st

# After the example on GitHub's page about code owners.
EXAMPLE = """\
# Order is important.
*       @global-owner1 @global-owner2

*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a/b/c.py", ["@global-owner1", "@global-owner2"]),
        ("lib/x.js", ["@js-owner"]),
        ("x.go", ["docs@example.com"]),
        ("notes/x.txt", ["@octo-org/octocats"]),
        ("build/logs/x/y.py", ["@octocat"]),
        ("deeply/nested/logs/app.py", ["@octocat"]),
        ("docs/a/b.md", ["@doctocat"]),
        ("src/apps/x.py", ["@octocat"]),
        ("scripts/x.py", ["@doctocat", "@octocat"]),
        ("apps/x.py", ["@octocat"]),
        ("apps/github/x.py", []),
        ("apps/github", []),
    ],
)
def test_githubs_own_example(path, wanted):
    assert list(owners(EXAMPLE, [path])) == wanted


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        ("docs/*", ["docs/a.md"], ["docs/a/b.md", "x/docs/a.md"]),
        ("/*", ["a.py"], ["a/b.py"]),
        ("apps/", ["apps/a.py", "x/apps/y/a.py"], ["apps", "x/apps"]),
        ("/apps", ["apps", "apps/a.py"], ["x/apps/a.py", "apps2/a.py"]),
        ("src/orders", ["src/orders/a.py", "src/orders"], ["x/src/orders/a.py"]),
        ("**/logs", ["logs/a", "x/y/logs/a"], ["logs2"]),
        ("src/**", ["src/a.py", "src/b/c.py"], ["src", "lib/a.py"]),
        ("src/**/models.py", ["src/models.py", "src/a/b/models.py"], ["models.py", "src/a/models.pyc"]),
        ("test_?.py", ["test_a.py", "x/test_b.py"], ["test_ab.py", "test_/.py"]),
        ("a*b*.py", ["aXbY.py", "ab.py", "x/aabb.py"], ["ba.py", "a/b.py"]),
        ("my\\ docs/a\\ b.md", ["my docs/a b.md"], ["my", "docs/a"]),
        ("A.py", ["A.py"], ["a.py"]),
        ("!a.py", [], ["a.py", "!a.py"]),
        ("[ab].py", [], ["a.py", "[ab].py"]),
        ("\\#a.py", [], ["#a.py"]),
        ("#a.py", [], ["#a.py", "a.py"]),
        ("/", [], ["a.py"]),
    ],
)
def test_patterns(pattern, covered, not_covered):
    for path in [*covered, *not_covered]:
        assert (owners(f"{pattern} @ada", [path]) == ("@ada",)) is (path in covered), path


def test_who_owns_most_comes_first_and_the_last_rule_counts():
    text = "*.py @ada\napi/ @bob @org/team\napi/old.py\n"
    assert owners(text, ["api/a.py", "api/b.py", "x.py"]) == ("@bob", "@org/team", "@ada")
    assert owners(text, ["api/old.py"]) == ()


@pytest.mark.parametrize("line", ["*.py ada", "*.py @ada, @bob", "*.py @ada @", "*.py @-a/b/c", "*.py @ada ada@"])
def test_a_line_that_is_wrong_is_skipped(line):
    assert owners(f"* @all\n{line}\n", ["a.py"]) == ("@all",)


@given(st.text(alphabet="*?/a.[]!#\\ @\n-", max_size=60), st.text(alphabet="a/.*", min_size=1, max_size=20))
def test_nothing_raises(text, path):
    assert len(owners(text, [path])) <= text.count("@")


def test_no_pattern_takes_long():
    text = f"{'*a' * 2000} @ada\n{'**/a/' * 800}b @ada\n{'a' * 5000} @ada\n"
    begun = time.process_time()
    assert owners(text, ["a" * 250, "a/" * 100]) == ()
    assert time.process_time() - begun < 2


def test_the_places():
    assert LOCATIONS == (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
    assert {".github/PULL_REQUEST_TEMPLATE.md", "pull_request_template.md"} < set(TEMPLATES)
    assert {place.lower() for place in TEMPLATES} == {
        f"{folder}pull_request_template.md" for folder in (".github/", "", "docs/")
    }
