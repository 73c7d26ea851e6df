"""How fast entries get booked, beside a bare loop that does nothing but post. Real processes, a stub for AFAS."""
