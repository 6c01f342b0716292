"""Activities of IATI 2.0x."""
