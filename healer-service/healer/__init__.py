"""The healer: finds the cause of a crash, proves a fix, proposes it, and releases what a person merges."""
