"""Passwords."""

import pytest
from helpdesk.auth import hashed, password_matches


def test_a_password_matches_itself():
    assert password_matches("letmein", hashed("letmein"))


@pytest.mark.parametrize("wrong", ["", "Letmein", "letmein "])
def test_another_does_not(wrong):
    assert not password_matches(wrong, hashed("letmein"))


def test_no_two_hashes_are_alike():
    assert hashed("letmein") != hashed("letmein")
