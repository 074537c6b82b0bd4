"""What the classes of sessions are given, give, and are registered in."""
