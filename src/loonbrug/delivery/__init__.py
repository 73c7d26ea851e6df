"""The place of delivery: one entry on its way to one administration, exactly once."""
