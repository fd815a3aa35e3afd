"""What a report says, as blocks that the page and the paper set alike."""
