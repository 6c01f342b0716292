"""The words of the controlled lists and their codes, for readers and the linker."""
