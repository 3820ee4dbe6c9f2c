"""Tells whom it concerns: who hears what, once, and never in a loop of machines."""
