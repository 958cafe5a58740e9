"""User code: read from files, notebooks and functions, described, and made callable."""
