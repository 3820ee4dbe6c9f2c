"""The town's case: what it is, what may happen to it, and what is told of that. Pure functions on plain data."""
