"""The commands, one file a command or group: each parses, calls one verb, prints."""
