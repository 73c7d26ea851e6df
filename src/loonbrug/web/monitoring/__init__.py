"""What machines ask: does it live, is it ready, and how is it doing."""
