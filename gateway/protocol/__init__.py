"""The device protocol without a database: reading bodies, the words of answers, versions."""
