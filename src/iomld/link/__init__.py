"""Linking: raw strings to codes, numbers and mentions, in pure functions that report faults as findings."""
