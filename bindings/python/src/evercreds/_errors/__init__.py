"""What errors hold, and copies of them."""
