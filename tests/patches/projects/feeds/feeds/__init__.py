"""Articles of many sources in one place."""
