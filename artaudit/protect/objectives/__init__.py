"""What the latents of a cloaked picture should do, one file each."""
