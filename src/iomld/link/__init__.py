"""From raw strings to codes, numbers and mentions: pure functions over values, with all faults as findings."""
