"""Statistics of pictures and one model, one file each."""
