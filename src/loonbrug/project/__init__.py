"""Settings, addresses and wiring."""
