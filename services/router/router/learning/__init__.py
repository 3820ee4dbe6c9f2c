"""What people in the town make of the router's decisions, and how it learns from them without being fooled."""
