"""One function per thing the service can do, over several apps."""
