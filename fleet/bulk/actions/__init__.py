"""The bulk actions, a file each."""
