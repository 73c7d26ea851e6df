"""What it costs: run with `python -m benchmarks.NAME`."""
