"""Workflow: what is done by itself per company, and the calendar of what will happen when."""
