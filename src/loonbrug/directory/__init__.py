"""Debtors, their companies, and each company's cost centres and cost units."""
