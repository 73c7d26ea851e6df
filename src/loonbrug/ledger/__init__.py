"""Pure bookkeeping: money, entries, checks and translation."""
