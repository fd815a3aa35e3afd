"""What others do to a cloaked picture, by accident or to be rid of the cloak; the catalog's ATTACKS name them."""
