"""What the service does by itself for a company, when, and where each run stands in that."""
