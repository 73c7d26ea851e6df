"""The demo: a sample office against a sandbox of AFAS Profit, by hand or by script."""
