"""Read-only: lists and pages that join several apps, as frozen values."""
