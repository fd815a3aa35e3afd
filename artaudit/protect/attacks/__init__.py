"""What happens to a cloaked picture, by accident or to remove the cloak; the catalog's ATTACKS name these attacks."""
