"""The ways to get credentials, one module for each."""
