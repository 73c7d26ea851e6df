"""AFAS accounts and the mapping of companies to administrations."""
