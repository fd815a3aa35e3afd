"""The commands, by what people come for: each parses, calls one verb of the auditor, prints."""
