"""The books: originals and what became of them, and the alarm where something is missing."""
