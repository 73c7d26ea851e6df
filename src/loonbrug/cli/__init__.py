"""Command line: turns a command into one workflow."""
