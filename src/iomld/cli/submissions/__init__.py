"""The commands for submissions: those of the inbox and of tokens, and the one that publishes what is accepted."""
