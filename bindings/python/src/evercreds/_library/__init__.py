"""The library that decides: how it is loaded, called, and what it is told."""
