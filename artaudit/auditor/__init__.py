"""The room that knows the others: what a person can ask for, the portfolio, checks and evidence."""
