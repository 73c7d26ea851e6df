"""Debtors, companies, cost centres and cost units."""
