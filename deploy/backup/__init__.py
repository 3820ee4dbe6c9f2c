"""Backup and restore of everything that the services keep (decision 0019)."""
