"""Keeps works, asks the other rooms, weighs what they say and documents it; each verb is one straight line."""
