"""Claims that texts in the file make about its making; anyone can write or remove them."""
