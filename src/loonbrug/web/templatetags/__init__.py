"""Filters and tags of our own."""
