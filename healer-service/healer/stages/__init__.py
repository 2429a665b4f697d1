"""The steps of a heal as pure functions, without I/O. They do not know each other; the pipeline joins them."""
