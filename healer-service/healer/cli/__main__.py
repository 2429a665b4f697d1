"""`python -m healer.cli` is the `healer` command."""

from healer.cli import main

main()
