"""Nmbrs over REST, and what its journal documents say."""
