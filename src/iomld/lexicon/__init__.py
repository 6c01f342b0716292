"""Words of the controlled lists and what they stand for; readers look words up here, and so does the linker."""
