"""Where a company's journals go in AFAS, and how its lines are translated."""
