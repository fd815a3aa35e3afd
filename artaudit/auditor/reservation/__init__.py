"""Reserves rights on a site: what its owner can say to machines, what its pictures say, and the record of both."""
