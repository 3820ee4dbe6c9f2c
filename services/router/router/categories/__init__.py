"""Which category a message is: what was learnt, what the pack's own words say, and what else is in it."""
