"""Nmbrs: what its documents say."""
