"""Sending everything that is ready: for a debtor or the office, and what became of it."""
