import pytest
from healer.stages.commands import MOST_HINT, Command, parse
from hypothesis import example, given
from hypothesis import strategies as st

ORDERS = {
    "/heal retry use the default rate": Command("retry", "use the default rate"),
    "/heal retry\n\nuse the default\r\nrate\n": Command("retry", "use the default rate"),
    "/heal retry: answer 404": Command("retry", "answer 404"),
    "\n\n   /HEAL Explain.\n": Command("explain"),
    "/heal ignore because it is meant so": Command("ignore", "because it is meant so"),
    "/heal\trebase": Command("rebase"),
    "/heal rebase\n> what you said": Command("rebase", "> what you said"),
    "/heal": Command("help"),
    "/heal merge now": Command("help"),
    "/heal retry-all": Command("help"),
    "/heal, please": Command("help"),
}
NO_ORDERS = [
    "",
    "\n \n",
    "/healer retry",
    "/health",
    "/heal/retry",
    "please /heal retry",
    "Thanks!\n/heal retry",
    "> /heal retry",
    "```\n/heal retry\n```",
    "~~~\n/heal retry",
    "`/heal retry`",
    "    /heal retry",
    "\t/heal retry",
    "- /heal retry",
    "<!-- -->/heal retry",
]


@pytest.mark.parametrize("text", ORDERS)
def test_what_is_ordered(text):
    assert parse(text) == ORDERS[text]


@pytest.mark.parametrize("text", NO_ORDERS)
def test_what_is_said_in_passing_orders_nothing(text):
    assert parse(text) is None


def test_a_hint_is_bounded():
    command = parse("/heal retry " + "word " * 100_000)
    assert command is not None
    assert len(command.hint) == MOST_HINT
    assert command.hint.endswith("…")


@given(st.text(), st.sampled_from(["", "/heal ", "/heal retry ", "/heal explain\n", "\n /heal ignore"]))
@example("a\x1b[2Jb\u202ec\x00d\u2028e\ud800", "/heal retry ")
def test_whatever_is_written_a_hint_is_one_line_of_what_shows(text, before):
    command = parse(before + text)
    if before.strip() in ("/heal retry", "/heal explain", "/heal ignore") and (not text or text[0].isspace()):
        assert command is not None
        assert command.name == before.split()[1]
    if command is not None:
        assert command.hint == "" or command.hint.isprintable()
        assert len(command.hint) <= MOST_HINT
        command.hint.encode()
