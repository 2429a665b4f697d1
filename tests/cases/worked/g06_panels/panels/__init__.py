"""Survey panels: who answers which questionnaires."""
