"""Payroll runs and their journals: immutable snapshots of what a run has to book."""
