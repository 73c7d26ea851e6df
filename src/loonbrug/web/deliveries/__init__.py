"""Pages on everything that is on its way to AFAS."""
