"""The steps of a heal as pure functions: data in, data out, no I/O. They do not know each other; the pipeline joins them."""
