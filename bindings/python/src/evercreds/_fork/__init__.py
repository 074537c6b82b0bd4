"""What a fork of the process needs."""
