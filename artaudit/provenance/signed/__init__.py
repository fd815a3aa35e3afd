"""What was signed about a picture."""
