"""What waiting is made of: bells, clocks and locks."""
