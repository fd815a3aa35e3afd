"""How pictures to scan lie on the disk, one file each."""
