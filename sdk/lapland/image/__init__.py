"""An image of any kind that a user gives -> one BGR array."""
