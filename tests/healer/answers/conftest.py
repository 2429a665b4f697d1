collect_ignore = ["service"]  # its tests run in the sandbox
