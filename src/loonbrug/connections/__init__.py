"""The ways into AFAS environments: who signs in, with which secret, and what that lets us do."""
