"""The room of cloaks: changes to a picture, within a budget, that make models learn it wrongly."""
