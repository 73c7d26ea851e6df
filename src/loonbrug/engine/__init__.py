"""Runs keyed work, one at a time per (kind, key), and periodic work. Knows no domain."""
