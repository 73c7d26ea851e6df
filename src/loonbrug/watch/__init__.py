"""What the service says about itself: alarms, the mail it owes people, and its pulse."""
