"""Settings: `base` runs both profiles, `production` refuses loose ends, `test` is for pytest."""
