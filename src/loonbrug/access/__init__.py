"""Offices, users, and the templates that say what a user may see and do."""
