"""Statistics about pictures and one model, one file each."""
