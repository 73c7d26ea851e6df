"""AFAS Profit REST client: stand-alone, async, typed."""
