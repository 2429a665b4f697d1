"""One module for each thing outside the process; they do not know each other."""
