"""A strict AFAS Profit to test against, moody on request."""
