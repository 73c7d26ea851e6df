"""A strict Nmbrs to test against: identity service and REST API, moody on request."""
