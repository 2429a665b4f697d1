collect_ignore = ["projects"]  # each has tests of its own, for its own code
