"""Settings: Nmbrs."""
