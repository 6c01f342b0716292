"""Why a query finds nothing, and what was probably meant."""
