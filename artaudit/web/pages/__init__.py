"""The pages, one file each: handlers that show what is there and ask for what is to be done."""
