"""What texts in the file claim about its making, which anyone can write or remove."""
